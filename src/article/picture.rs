//! Pictures made fit for mail: turned upright, scaled to twice the shown width, without metadata.

mod moving;
mod whole;

use std::fmt;
use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader, Limits};

pub(super) use moving::moving;

/// The width at which an edition shows a picture, in CSS pixels.
pub const SHOWN_WIDTH: u32 = 552;
/// A file that is larger is refused.
pub(super) const LARGEST_FILE: u64 = 25 * 1024 * 1024;
/// Pixels of a side, and in all: a telephone's 48 megapixels pass, a bomb does not.
const LONGEST_SIDE: u32 = 16_000;
const MOST_PIXELS: u64 = 50_000_000;
/// Bytes of a decoded picture: 50 megapixels with transparency, or half of them with 16 bits a colour.
const MOST_DECODED: u64 = MOST_PIXELS * 4;
/// Bytes of a decoded picture beside which no other of that size is decoded: several threads make pictures ready.
const LARGE_DECODED: u64 = MOST_DECODED / 4;
/// A file of more bytes, or a longer side, is more than any reader sees of it.
pub(super) const HEAVY_BYTES: usize = 5 * 1024 * 1024;
pub(super) const HEAVY_SIDE: u32 = 5_000;
/// A picture that needs no scaling and is smaller is kept without encoding it anew.
const SMALL: usize = 300 * 1024;

/// A local picture, ready for mail: decoded, scaled to twice the shown width at most, encoded anew.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg`, `image/png`, `image/gif`.
    pub media_type: &'static str,
    /// File name for the MIME part and for addresses: first 16 hex digits of the content's SHA-256 and the extension.
    pub file_name: String,
    /// Width in pixels of `bytes`.
    pub width: u32,
    /// Height in pixels of `bytes`.
    pub height: u32,
    /// The encoded picture.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}×{}, {} bytes", self.file_name, self.width, self.height, self.bytes.len())
    }
}

impl Picture {
    fn new(format: ImageFormat, size: (u32, u32), bytes: Vec<u8>) -> Self {
        let (media_type, extension) = match format {
            ImageFormat::Jpeg => ("image/jpeg", "jpg"),
            ImageFormat::Gif => ("image/gif", "gif"),
            _ => ("image/png", "png"),
        };
        let hash: String =
            digest(&SHA256, &bytes).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let file_name = format!("{hash}.{extension}");
        Picture { media_type, file_name, width: size.0, height: size.1, bytes: bytes.into() }
    }

    /// A picture that was made before, of the kind that the extension of `name` says.
    pub(super) fn named(name: &str, size: (u32, u32), bytes: Vec<u8>) -> Option<Self> {
        let format = match Path::new(name).extension()?.to_str()? {
            "jpg" => ImageFormat::Jpeg,
            "gif" => ImageFormat::Gif,
            "png" => ImageFormat::Png,
            _ => return None,
        };
        Some(Picture::new(format, size, bytes))
    }
}

/// Why a file is no picture for a mail; the remedy is part of the finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PictureError {
    #[error("SVG is not shown by mail programs")]
    Svg,
    #[error("this is no JPEG, PNG, GIF or WebP picture")]
    Unknown,
    #[error("this is a picture in {0}, which most mail programs do not show and we do not read")]
    Modern(&'static str),
    #[error("the picture is {width} × {height} pixels, too large to be decoded")]
    TooLarge { width: u32, height: u32 },
    #[error("the picture is cut off: its file ends before it does")]
    CutOff,
    #[error("the picture is damaged: {0}")]
    Damaged(String),
}

impl PictureError {
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            PictureError::Svg => "export it as PNG, 1104 pixels wide",
            PictureError::Unknown => "save it as JPEG or PNG",
            PictureError::Modern(_) => "export it as JPEG; telephones do so when told \"most compatible\"",
            PictureError::TooLarge { .. } => "scale it down; 1104 pixels of width are enough",
            PictureError::CutOff => "copy it again from where it came from: it did not arrive whole",
            PictureError::Damaged(_) => "save it anew as JPEG or PNG",
        }
    }
}

/// Looks at a picture without decoding it: its kind, its size, and whether all of it is there.
pub(super) fn look(bytes: &[u8]) -> Result<(ImageFormat, u32, u32), PictureError> {
    if let Some(name) = modern(bytes) {
        return Err(PictureError::Modern(name));
    }
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Gif | ImageFormat::WebP)) => format,
        Ok(_) => return Err(PictureError::Unknown),
        Err(_) if looks_like_svg(bytes) => return Err(PictureError::Svg),
        Err(_) => return Err(PictureError::Unknown),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
        .into_dimensions()
        .map_err(|error| PictureError::Damaged(error.to_string()))?;
    let pixels = u64::from(width) * u64::from(height);
    if width > LONGEST_SIDE || height > LONGEST_SIDE || pixels > MOST_PIXELS {
        return Err(PictureError::TooLarge { width, height });
    }
    if !whole::is_whole(format, bytes) {
        return Err(PictureError::CutOff);
    }
    Ok((format, width, height))
}

/// Width and height in pixels, as the header says.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()
}

/// What a decoder may take.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_DECODED);
    limits
}

/// Whether a mail can show the picture in `file`, of at most `largest` bytes; else why not.
pub(crate) fn shown_in_mail(file: &std::path::Path, largest: u64) -> Result<(), String> {
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > largest {
        return Err(format!("it is larger than {} MiB", largest / 1024 / 1024));
    }
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    look(&bytes).map(|_| ()).map_err(|error| error.to_string())
}

/// The name of a format that a telephone or a browser writes and mail programs do not show (ISO 14496-12 §4.3, JPEG XL).
fn modern(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0x0A]) || bytes.get(4..12) == Some(b"JXL \r\n\x87\n") {
        return Some("JPEG XL");
    }
    match (bytes.get(4..8)?, bytes.get(8..12)?) {
        (b"ftyp", b"avif" | b"avis") => Some("AVIF"),
        (b"ftyp", b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1") => Some("HEIC"),
        _ => None,
    }
}

fn looks_like_svg(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1024)];
    start.windows(4).any(|window| window.eq_ignore_ascii_case(b"<svg"))
}

/// Makes `bytes` fit for mail, at most `max_width` pixels wide.
pub(super) fn prepare(bytes: &[u8], max_width: u32) -> Result<Picture, PictureError> {
    let (format, width, height) = look(bytes)?;
    let damaged = |error: image::ImageError| PictureError::Damaged(error.to_string());
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    if decoder.total_bytes() > MOST_DECODED {
        return Err(PictureError::TooLarge { width, height });
    }
    let _alone = alone(decoder.total_bytes());
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    // A profile says how the colours are meant, and nothing of who took them where.
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_for_screens(profile));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let upright = orientation == Orientation::NoTransforms;
    if width <= max_width && upright && bytes.len() <= SMALL {
        match format {
            ImageFormat::Gif => return Ok(Picture::new(format, (width, height), bytes.to_vec())),
            ImageFormat::Png => {
                if let Some(bare) = strip::png(bytes) {
                    return Ok(Picture::new(format, (width, height), bare));
                }
            }
            ImageFormat::Jpeg if strip::is_bare_jpeg(bytes) => {
                return Ok(Picture::new(format, (width, height), bytes.to_vec()));
            }
            _ => {}
        }
    }
    // Scaled before it is turned: what is turned is small then, and not held twice.
    let (width, height) = scaled_size(&picture, orientation, max_width);
    if picture.width() / 4 > width {
        // Far too large: averaged first, which takes little time and no memory.
        picture = picture.thumbnail_exact(width * 2, height * 2);
    }
    if picture.width() > width {
        picture = picture.resize_exact(width, height, FilterType::Lanczos3);
    }
    picture.apply_orientation(orientation);
    encode(&picture, format, profile).map_err(damaged)
}

/// Holds off other large pictures until it is dropped, when a picture is large that has so many bytes once it is decoded.
fn alone(decoded: u64) -> Option<MutexGuard<'static, ()>> {
    static LARGE: Mutex<()> = Mutex::new(());
    (decoded > LARGE_DECODED).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The size that `picture` has before it is turned, so that it is at most `max_width` wide once it is.
fn scaled_size(picture: &DynamicImage, orientation: Orientation, max_width: u32) -> (u32, u32) {
    let is_on_its_side = match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    };
    let size = (picture.width(), picture.height());
    let (across, along) = if is_on_its_side { (size.1, size.0) } else { size };
    if across <= max_width {
        return size;
    }
    let scaled = u64::from(along) * u64::from(max_width) + u64::from(across) / 2;
    let along = u32::try_from(scaled / u64::from(across)).unwrap_or(u32::MAX).max(1);
    if is_on_its_side { (along, max_width) } else { (max_width, along) }
}

/// Whether an ICC profile is of red, green and blue, as the picture is once it is encoded, and not a heavy one.
fn is_for_screens(profile: &[u8]) -> bool {
    // ICC.1:2022, §7.2: the colour space stands at byte 16.
    profile.get(16..20) == Some(b"RGB ") && profile.len() <= 4 * 1024
}

/// JPEG for what came as JPEG or is large and opaque; PNG for the rest.
fn encode(
    picture: &DynamicImage,
    came_as: ImageFormat,
    profile: Option<Vec<u8>>,
) -> Result<Picture, image::ImageError> {
    let size = (picture.width(), picture.height());
    let transparent =
        picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255);
    let jpeg = || -> Result<Picture, image::ImageError> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 82);
        if let Some(profile) = profile.clone() {
            // Without it the colours are a little paler, and the picture is whole.
            let _ = encoder.set_icc_profile(profile);
        }
        encoder.encode_image(&picture.to_rgb8())?;
        Ok(Picture::new(ImageFormat::Jpeg, size, bytes))
    };
    if !transparent && matches!(came_as, ImageFormat::Jpeg | ImageFormat::WebP) {
        return jpeg();
    }
    let plain = match (transparent, picture.color().has_color()) {
        (true, _) => DynamicImage::ImageRgba8(picture.to_rgba8()),
        (false, true) => DynamicImage::ImageRgb8(picture.to_rgb8()),
        (false, false) => DynamicImage::ImageLuma8(picture.to_luma8()),
    };
    let mut bytes = Vec::new();
    plain.write_with_encoder(PngEncoder::new_with_quality(
        &mut bytes,
        CompressionType::Best,
        PngFilter::Adaptive,
    ))?;
    if bytes.len() > SMALL && !transparent {
        return jpeg();
    }
    Ok(Picture::new(ImageFormat::Png, size, bytes))
}

/// Metadata of files that are kept as they are.
mod strip {
    /// Chunks that say what the picture looks like; all others are dropped.
    const KEPT: [&[u8; 4]; 11] =
        [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs"];

    /// `bytes` without chunks of text, time and EXIF, and without what follows the end.
    pub(super) fn png(bytes: &[u8]) -> Option<Vec<u8>> {
        let (signature, mut rest) = bytes.split_at_checked(8)?;
        let mut out = signature.to_vec();
        loop {
            let length = usize::try_from(u32::from_be_bytes(rest.first_chunk().copied()?)).ok()?;
            let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
            let kind = chunk.get(4..8)?;
            if KEPT.iter().any(|kept| kept.as_slice() == kind) {
                out.extend_from_slice(chunk);
            }
            if kind == b"IEND" {
                return Some(out);
            }
            rest = after;
        }
    }

    /// Whether a JPEG has neither EXIF, XMP nor comments, is not for a press, and ends where it should.
    pub(super) fn is_bare_jpeg(bytes: &[u8]) -> bool {
        let mut rest = bytes.get(2..).unwrap_or_default();
        while let [0xFF, marker, high, low, ..] = *rest {
            match marker {
                // APP0 is JFIF, APP2 a colour profile, APP14 Adobe's colour transform.
                0xE1 | 0xE3..=0xED | 0xEF | 0xFE => return false,
                0xDA => return bytes.ends_with(&[0xFF, 0xD9]),
                // A frame of four colours is for a press; many mail programs show it in the wrong ones.
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF if rest.get(9) == Some(&4) => {
                    return false;
                }
                _ => {}
            }
            let length = usize::from(u16::from_be_bytes([high, low])) + 2;
            rest = rest.get(length..).unwrap_or_default();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]))
    }

    #[test]
    fn wide_pictures_are_scaled_and_named_by_their_content() {
        let bytes = encoded(gradient(1600, 400), ImageFormat::Jpeg);
        let picture = prepare(&bytes, 1104).unwrap();
        assert_eq!((picture.width, picture.height, picture.media_type), (1104, 276, "image/jpeg"));
        assert_eq!(image::load_from_memory(&picture.bytes).unwrap().width(), 1104);
        assert_eq!(picture, prepare(&bytes, 1104).unwrap());
        assert!(picture.file_name.len() == 20 && picture.file_name.ends_with(".jpg"), "{picture:?}");
    }

    #[test]
    fn of_large_pictures_one_is_decoded_at_a_time() {
        let small = [alone(LARGE_DECODED), alone(LARGE_DECODED)];
        assert!(small.iter().all(Option::is_none));
        let held = alone(LARGE_DECODED + 1);
        let other = std::thread::spawn(|| drop(alone(MOST_DECODED)));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!other.is_finished());
        drop(held);
        other.join().unwrap();
    }

    #[test]
    fn transparency_keeps_png() {
        let mut canvas = RgbaImage::from_pixel(1200, 20, Rgba([9, 9, 9, 255]));
        canvas.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
        let picture = prepare(&encoded(canvas, ImageFormat::Png), 1104).unwrap();
        assert_eq!((picture.media_type, picture.width), ("image/png", 1104));
    }

    #[test]
    fn small_pictures_are_kept_without_their_metadata() {
        let png = encoded(gradient(20, 10), ImageFormat::Png);
        let note = b"\0\0\0\x09tEXtGPS\0secret\0\0\0\0";
        let note = [&note[..4], &note[4..17], &[0; 4]].concat();
        let with_note = [&png[..33], &note, &png[33..], b"trailing"].concat();
        assert_eq!(*prepare(&with_note, 1104).unwrap().bytes, *png);

        let jpeg = encoded(gradient(20, 10), ImageFormat::Jpeg);
        assert_eq!(*prepare(&jpeg, 1104).unwrap().bytes, *jpeg);
        let commented = [&jpeg[..2], b"\xFF\xFE\x00\x08secret", &jpeg[2..]].concat();
        let picture = prepare(&commented, 1104).unwrap();
        assert!(!picture.bytes.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn a_picture_that_lies_on_its_side_is_turned() {
        let jpeg = encoded(gradient(40, 20), ImageFormat::Jpeg);
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let lying = [&jpeg[..2], &[0xFF, 0xE1], &length, exif, &jpeg[2..]].concat();
        let picture = prepare(&lying, 1104).unwrap();
        assert_eq!((picture.width, picture.height), (20, 40));
        assert!(!picture.bytes.windows(4).any(|w| w == b"Exif"));
    }

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// Whether the pixel is rather red, blue or white.
    fn hue(picture: &Picture, x: u32, y: u32) -> &'static str {
        let [r, _, b] = image::load_from_memory(&picture.bytes).unwrap().to_rgb8().get_pixel(x, y).0;
        match (r > 128, b > 128) {
            (true, true) => "white",
            (true, false) => "red",
            (false, true) => "blue",
            (false, false) => "dark",
        }
    }

    #[test]
    fn a_photograph_stands_upright_whichever_way_the_camera_was_held_and_keeps_its_place_secret() {
        for held in 1..=8 {
            let bytes = fixture(&format!("turned-{held}.jpg"));
            assert!(bytes.windows(7).any(|w| w == b"Harbour"), "the fixture has EXIF");
            for width in [1104, 24] {
                let picture = prepare(&bytes, width).unwrap();
                assert_eq!((picture.width, picture.height), if width == 24 { (24, 16) } else { (48, 32) });
                let at = |x: u32, y: u32| hue(&picture, x * picture.width / 48, y * picture.height / 32);
                assert_eq!(
                    [at(6, 6), at(42, 6), at(6, 26), at(42, 26)],
                    ["red", "blue", "white", "white"],
                    "{held}"
                );
                for secret in [b"Exif".as_slice(), b"Harbour", b"GPS"] {
                    assert!(!picture.bytes.windows(secret.len()).any(|w| w == secret), "{held}");
                }
            }
        }
        let webp = prepare(&fixture("still.webp"), 1104).unwrap();
        assert_eq!(
            (webp.media_type, webp.width, webp.height),
            ("image/jpeg", 32, 64),
            "turned by its EXIF too"
        );
    }

    #[test]
    fn every_kind_that_cameras_and_programs_write_is_read() {
        for (name, kind) in
            [("cmyk.jpg", "image/jpeg"), ("progressive.jpg", "image/jpeg"), ("moving.gif", "image/gif")]
        {
            let picture = prepare(&fixture(name), 1104).unwrap();
            assert_eq!(picture.media_type, kind, "{name}");
        }
        let moving = fixture("moving.gif");
        assert_eq!(*prepare(&moving, 1104).unwrap().bytes, *moving, "a small one goes on moving");
        let still = prepare(&moving, 20).unwrap();
        assert_eq!((still.media_type, still.width), ("image/png", 20), "one that is scaled stands still");
        // Red at the left of both gradients, whatever the colours were kept in.
        let cmyk = prepare(&fixture("cmyk.jpg"), 1104).unwrap();
        assert!(!strip::is_bare_jpeg(&fixture("cmyk.jpg")) && strip::is_bare_jpeg(&cmyk.bytes));
        let pixel = image::load_from_memory(&cmyk.bytes).unwrap().to_rgb8().get_pixel(60, 4).0;
        assert!(pixel[0] > 180 && pixel[1] < 90, "{pixel:?}");

        let deep =
            image::ImageBuffer::from_fn(40, 20, |x, _| image::Rgba([u16::MAX, x as u16 * 1000, 0, u16::MAX]));
        let deep = prepare(&encoded(DynamicImage::ImageRgba16(deep), ImageFormat::Png), 20).unwrap();
        assert_eq!(image::load_from_memory(&deep.bytes).unwrap().color(), image::ColorType::Rgb8);
    }

    #[test]
    fn the_meaning_of_colours_is_kept() {
        let picture = prepare(&fixture("profile.jpg"), 1104).unwrap();
        let mut decoder = ImageReader::with_format(Cursor::new(&picture.bytes[..]), ImageFormat::Jpeg)
            .into_decoder()
            .unwrap();
        assert!(decoder.icc_profile().unwrap().is_some_and(|profile| is_for_screens(&profile)));
    }

    #[test]
    fn what_mail_programs_do_not_show_is_refused_by_its_name() {
        for (brand, name) in [(b"avif", "AVIF"), (b"heic", "HEIC"), (b"mif1", "HEIC")] {
            let head = [b"\0\0\0\x18ftyp".as_slice(), brand, b"\0\0\0\0"].concat();
            let error = prepare(&head, 1104).unwrap_err();
            assert_eq!(error, PictureError::Modern(name));
            assert!(error.remedy().contains("JPEG"));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(look(b"<?xml version='1.0'?><svg/>"), Err(PictureError::Svg));
        assert_eq!(look(b"not a picture at all"), Err(PictureError::Unknown));
        let png = encoded(gradient(64, 64), ImageFormat::Png);
        let mut damaged = png.clone();
        damaged[60] ^= 0xFF;
        assert!(matches!(prepare(&damaged, 1104), Err(PictureError::Damaged(_))));
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let bytes = encoded(gradient(64, 64), format);
            let half = &bytes[..bytes.len() * 3 / 4];
            assert_eq!(prepare(half, 1104), Err(PictureError::CutOff), "{format:?}");
            assert_eq!(look(half), Err(PictureError::CutOff), "{format:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bomb = encoded(gradient(1, 1), ImageFormat::Png);
        bomb[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
        // The header's checksum, which decoders verify.
        let sum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(prepare(&bomb, 1104), Err(PictureError::TooLarge { width: 30_000, height: 30_000 }));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |sum, &byte| {
            (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
        })
    }
}
