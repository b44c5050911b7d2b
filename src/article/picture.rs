//! Pictures made fit for mail: turned upright, scaled to twice the shown width, without metadata.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The width at which an edition shows a picture, in CSS pixels.
pub const SHOWN_WIDTH: u32 = 552;
/// A file that is larger is refused.
pub(super) const LARGEST_FILE: u64 = 25 * 1024 * 1024;
/// Pixels of a side, and in all: a telephone's 48 megapixels pass, a bomb does not.
const LONGEST_SIDE: u32 = 16_000;
const MOST_PIXELS: u64 = 50_000_000;
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
}

/// Why a file is no picture for a mail; the remedy is part of the finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PictureError {
    #[error("SVG is not shown by mail programs")]
    Svg,
    #[error("this is no JPEG, PNG, GIF or WebP picture")]
    Unknown,
    #[error("the picture is {width} × {height} pixels, too large to be decoded")]
    TooLarge { width: u32, height: u32 },
    #[error("the picture is damaged: {0}")]
    Damaged(String),
}

impl PictureError {
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            PictureError::Svg => "export it as PNG, 1104 pixels wide",
            PictureError::Unknown => "save it as JPEG or PNG",
            PictureError::TooLarge { .. } => "scale it down; 1104 pixels of width are enough",
            PictureError::Damaged(_) => "save it anew as JPEG or PNG",
        }
    }
}

/// Reads the header of a picture: its size, without decoding it.
pub(super) fn look(bytes: &[u8]) -> Result<(ImageFormat, u32, u32), PictureError> {
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
    Ok((format, width, height))
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

fn looks_like_svg(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1024)];
    start.windows(4).any(|window| window.eq_ignore_ascii_case(b"<svg"))
}

/// Makes `bytes` fit for mail, at most `max_width` pixels wide.
pub(super) fn prepare(bytes: &[u8], max_width: u32) -> Result<Picture, PictureError> {
    let (format, width, height) = look(bytes)?;
    let damaged = |error: image::ImageError| PictureError::Damaged(error.to_string());
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    // Eight bytes a pixel are the most that PNG has.
    limits.max_alloc = Some(MOST_PIXELS * 8 + 64 * 1024 * 1024);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
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
    picture.apply_orientation(orientation);
    if picture.width() > max_width {
        let ratio = f64::from(max_width) / f64::from(picture.width());
        let height = (f64::from(picture.height()) * ratio).round().max(1.0);
        // A height is below LONGEST_SIDE, and scaled down.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 16,000")]
        let height = height as u32;
        picture = picture.resize_exact(max_width, height, FilterType::Lanczos3);
    }
    encode(&picture, format).map_err(damaged)
}

/// JPEG for what came as JPEG or is large and opaque; PNG for the rest.
fn encode(picture: &DynamicImage, came_as: ImageFormat) -> Result<Picture, image::ImageError> {
    let size = (picture.width(), picture.height());
    let transparent =
        picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255);
    let jpeg = || -> Result<Picture, image::ImageError> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 82).encode_image(&picture.to_rgb8())?;
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

    /// Whether a JPEG has neither EXIF, XMP nor comments, and ends where it should.
    pub(super) fn is_bare_jpeg(bytes: &[u8]) -> bool {
        let mut rest = bytes.get(2..).unwrap_or_default();
        while let [0xFF, marker, high, low, ..] = *rest {
            match marker {
                // APP0 is JFIF, APP2 a colour profile, APP14 Adobe's colour transform.
                0xE1 | 0xE3..=0xED | 0xEF | 0xFE => return false,
                0xDA => return bytes.ends_with(&[0xFF, 0xD9]),
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

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(look(b"<?xml version='1.0'?><svg/>"), Err(PictureError::Svg));
        assert_eq!(look(b"not a picture at all"), Err(PictureError::Unknown));
        let png = encoded(gradient(64, 64), ImageFormat::Png);
        assert!(matches!(prepare(&png[..png.len() / 2], 1104), Err(PictureError::Damaged(_))));
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
