//! Our own SMTP connection (RFC 5321) over tokio and tokio-rustls.
