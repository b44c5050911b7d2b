//! Whether a file holds all of its picture. Decoders show what there is of a photograph that was cut off, and grey below.

use image::ImageFormat;

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
    let mut rest = bytes.get(2..)?;
    loop {
        let at = memchr::memchr(0xFF, rest)?;
        rest = &rest[at + 1..];
        match *rest.first()? {
            // The end of the image.
            0xD9 => return Some(()),
            // A byte of the scan, a restart within it, the beginning of the image, and filling.
            0x00 | 0x01 | 0xD0..=0xD8 | 0xFF => {}
            _ => {
                let length = u16::from_be_bytes([*rest.get(1)?, *rest.get(2)?]);
                rest = rest.get(1 + usize::from(length)..)?;
            }
        }
    }
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
    use std::io::Cursor;

    use image::{DynamicImage, RgbImage};

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
            // A GIF shows all that it has without its trailer, a WebP without its filling.
            let spare = match format {
                ImageFormat::Gif | ImageFormat::WebP => 2,
                _ => 1,
            };
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
