//! Whether a picture moves: a mail shows that of a GIF alone, and only while it is kept as it is.

use image::ImageFormat;

use super::whole;

/// What kind of moving picture `bytes` hold, if it is one: `GIF`, `PNG`, `WebP`.
pub(in crate::article) fn moving(bytes: &[u8]) -> Option<&'static str> {
    let (moves, kind) = match image::guess_format(bytes).ok()? {
        ImageFormat::Gif => (whole::gif(bytes)? > 1, "GIF"),
        ImageFormat::Png => (frames_of_png(bytes)? > 1, "PNG"),
        ImageFormat::WebP => (is_moving_webp(bytes), "WebP"),
        _ => return None,
    };
    moves.then_some(kind)
}

/// PNG (third edition), §11.3.6.1: `acTL` says how many frames there are, and stands before the first `IDAT`.
fn frames_of_png(bytes: &[u8]) -> Option<u32> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.first_chunk().copied()?)).ok()?;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        match chunk.get(4..8)? {
            b"acTL" => return Some(u32::from_be_bytes(chunk.get(8..12)?.try_into().ok()?)),
            b"IDAT" | b"IEND" => return None,
            _ => rest = after,
        }
    }
}

/// RFC 9649, §2.7: the flag of animation in the extended header.
fn is_moving_webp(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0x02 != 0)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, RgbImage};

    use super::*;

    fn still(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(RgbImage::new(4, 4)).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn what_moves_is_known_by_what_is_in_it() {
        let fixture = |name: &str| {
            std::fs::read(format!("{}/tests/fixtures/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        assert_eq!(moving(&fixture("moving.gif")), Some("GIF"));
        assert_eq!(moving(&fixture("still.webp")), None, "extended, and still");
        for format in [ImageFormat::Gif, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
            assert_eq!(moving(&still(format)), None, "{format:?}");
        }
        let png = still(ImageFormat::Png);
        let with_frames = |count: u8| {
            [&png[..33], b"\0\0\0\x08acTL\0\0\0", &[count], b"\0\0\0\0", b"\0\0\0\0", &png[33..]].concat()
        };
        assert_eq!(moving(&with_frames(2)), Some("PNG"));
        assert_eq!(moving(&with_frames(1)), None, "one frame does not move");
        let mut webp = fixture("still.webp");
        webp[20] |= 0x02;
        assert_eq!(moving(&webp), Some("WebP"));
    }
}
