//! Whether a file holds all of its picture. Decoders show what there is of a photograph that was cut off, and grey below.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader};

/// Whether the picture in `bytes` ends where it should; what follows its end is nobody's concern.
pub(super) fn is_whole(format: ImageFormat, bytes: &[u8]) -> bool {
    let ends = match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes).map(|_| ()),
        ImageFormat::WebP => webp(bytes),
        // Others are refused before.
        _ => Some(()),
    };
    ends.is_some()
}

/// ITU-T T.81, annex B: segments of a known length, and scans up to the next marker.
fn jpeg(bytes: &[u8]) -> Option<()> {
    match walk(bytes)? {
        End::Marked => Some(()),
        // Some programs forget the two bytes of the end: every pixel is there, and every program shows it.
        End::InTheScan(scans) => (scans.are_all() && needs_nothing_more(bytes)).then_some(()),
    }
}

/// How the segments of a JPEG end.
enum End {
    /// With the end of the image.
    Marked,
    /// The file ends within a scan, or right behind it.
    InTheScan(Scans),
}

fn walk(bytes: &[u8]) -> Option<End> {
    let mut scans = Scans::default();
    let mut rest = bytes.get(2..)?;
    loop {
        let Some(at) = memchr::memchr(0xFF, rest) else { return Some(End::InTheScan(scans)) };
        rest = &rest[at + 1..];
        match rest.first() {
            // Half of the end.
            None => return Some(End::InTheScan(scans)),
            // The end of the image.
            Some(0xD9) => return Some(End::Marked),
            // A byte of the scan, a restart within it, the beginning of the image, and filling.
            Some(0x00 | 0x01 | 0xD0..=0xD8 | 0xFF) => {}
            Some(marker) => {
                let length = u16::from_be_bytes([*rest.get(1)?, *rest.get(2)?]);
                let segment = rest.get(3..1 + usize::from(length))?;
                match marker {
                    0xC0..=0xC2 => scans.begin(segment)?,
                    0xDA => scans.add(segment)?,
                    _ => {}
                }
                rest = rest.get(1 + usize::from(length)..)?;
            }
        }
    }
}

/// Which bits of which coefficients the scans hold: a progressive picture has them in several.
#[derive(Debug, Default)]
struct Scans {
    /// For each component its name and, for each coefficient, the lowest bit that was sent.
    lowest: Vec<(u8, [u8; 64])>,
}

impl Scans {
    /// From the header of the frame.
    fn begin(&mut self, frame: &[u8]) -> Option<()> {
        let components = frame.get(6..)?.chunks_exact(3).take(usize::from(*frame.get(5)?));
        self.lowest = components.map(|component| (component[0], [u8::MAX; 64])).collect();
        Some(())
    }

    /// From the header of a scan.
    fn add(&mut self, scan: &[u8]) -> Option<()> {
        let (count, rest) = scan.split_first()?;
        let (components, rest) = rest.split_at_checked(2 * usize::from(*count))?;
        let &[from, to, bits, ..] = rest else { return None };
        for component in components.chunks_exact(2) {
            let (_, lowest) = self.lowest.iter_mut().find(|(name, _)| *name == component[0])?;
            lowest.get_mut(usize::from(from)..=usize::from(to))?.fill(bits & 0x0F);
        }
        Some(())
    }

    fn are_all(&self) -> bool {
        !self.lowest.is_empty() && self.lowest.iter().all(|(_, lowest)| lowest.iter().all(|bit| *bit == 0))
    }
}

/// Whether the last scan has all of its pixels: then it does not matter what comes behind it.
fn needs_nothing_more(bytes: &[u8]) -> bool {
    const FILLINGS: [u8; 3] = [0x00, 0x55, 0xAA];
    const OF_EACH: usize = 256;
    let scan = bytes.strip_suffix(&[0xFF]).unwrap_or(bytes);
    // What a download has not filled in is no scan, though it can be read as one.
    if scan.ends_with(&[0; 16]) {
        return false;
    }
    let mut shown = None;
    for filling in FILLINGS {
        let filled = [scan, &[filling; OF_EACH], &[0xFF, 0xD9]].concat();
        let mut reader = ImageReader::with_format(Cursor::new(&filled), ImageFormat::Jpeg);
        reader.limits(super::limits());
        let Ok(picture) = reader.decode() else { return false };
        let pixels = digest(&picture);
        if *shown.get_or_insert(pixels) != pixels {
            return false;
        }
    }
    true
}

/// The pixels as one number: three pictures of a telephone do not stay in memory.
fn digest(picture: &DynamicImage) -> u64 {
    let mut hasher = DefaultHasher::new();
    picture.as_bytes().hash(&mut hasher);
    hasher.finish()
}

/// PNG (third edition), §5.3: chunks up to `IEND`.
fn png(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.first_chunk().copied()?)).ok()?;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        if chunk.get(4..8)? == b"IEND" {
            return Some(());
        }
        rest = after;
    }
}

/// GIF89a: how many pictures there are in the blocks up to the trailer. Many files end behind their last picture without
/// one, and are whole.
pub(super) fn gif(bytes: &[u8]) -> Option<usize> {
    /// The bytes of a colour table, by the flags that announce it.
    fn table(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    let mut rest = bytes.get(13 + table(*bytes.get(10)?)..)?;
    let mut pictures = 0;
    loop {
        rest = match rest.first() {
            None if pictures > 0 => return Some(pictures),
            Some(0x3B) => return Some(pictures),
            Some(0x21) => rest.get(2..)?,
            Some(0x2C) => {
                pictures += 1;
                // Its place and flags, its colours, and the size of its codes.
                rest.get(10 + table(*rest.get(9)?) + 1..)?
            }
            // What follows the last picture is no block.
            Some(_) if pictures > 0 => return Some(pictures),
            Some(_) | None => return None,
        };
        loop {
            let length = usize::from(*rest.first()?);
            rest = rest.get(1 + length..)?;
            if length == 0 {
                break;
            }
        }
    }
}

/// RFC 9649, §2.4: the size of all chunks; the byte that fills up the last one is often left out.
fn webp(bytes: &[u8]) -> Option<()> {
    let size = usize::try_from(u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?)).ok()?;
    (bytes.len() + 1 >= size.checked_add(8)?).then_some(())
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn pictures() -> Vec<(ImageFormat, Vec<u8>)> {
        let drawn = RgbImage::from_fn(90, 60, |x, y| image::Rgb([(x * y) as u8, (x + 3 * y) as u8, 90]));
        let mut pictures: Vec<_> = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP]
            .into_iter()
            .map(|format| {
                let mut bytes = Cursor::new(Vec::new());
                DynamicImage::from(drawn.clone()).write_to(&mut bytes, format).unwrap();
                (format, bytes.into_inner())
            })
            .collect();
        for (name, format) in [
            ("cmyk.jpg", ImageFormat::Jpeg),
            ("progressive.jpg", ImageFormat::Jpeg),
            ("profile.jpg", ImageFormat::Jpeg),
            ("turned-6.jpg", ImageFormat::Jpeg),
            ("moving.gif", ImageFormat::Gif),
            ("still.webp", ImageFormat::WebP),
        ] {
            let file = format!("{}/tests/fixtures/pictures/{name}", env!("CARGO_MANIFEST_DIR"));
            pictures.push((format, std::fs::read(file).unwrap()));
        }
        pictures
    }

    #[test]
    fn a_file_is_whole_to_its_last_byte_and_not_one_before() {
        for (format, bytes) in pictures() {
            assert!(is_whole(format, &bytes), "{format:?}");
            assert!(is_whole(format, &[&bytes[..], b"\0trailing"].concat()), "{format:?}");
            // A GIF shows all that it has without its trailer, a WebP without its filling, a JPEG without its end.
            let spare = match format {
                ImageFormat::Jpeg => 3,
                ImageFormat::Gif | ImageFormat::WebP => 2,
                _ => 1,
            };
            if format == ImageFormat::Jpeg {
                let end = memchr::memmem::rfind(&bytes, &[0xFF, 0xD9]).unwrap();
                assert!(is_whole(format, &bytes[..end]) && is_whole(format, &bytes[..=end]), "{format:?}");
            }
            for cut in 0..=bytes.len() - spare {
                let end_of_a_frame = format == ImageFormat::Gif && bytes.get(cut.wrapping_sub(1)) == Some(&0);
                assert!(end_of_a_frame || !is_whole(format, &bytes[..cut]), "{format:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_a_download_has_not_filled_in_is_missing() {
        for (format, bytes) in pictures() {
            if matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
                let mut hollow = bytes.clone();
                let half = bytes.len() / 2;
                hollow[half..].fill(0);
                assert!(!is_whole(format, &hollow), "{format:?}");
            }
        }
    }
}
