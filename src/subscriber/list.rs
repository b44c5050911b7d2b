//! Files of subscribers: reading and writing them, a file a format.
