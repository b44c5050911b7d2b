//! Single letters to one person: confirm, welcome, goodbye, alarm.
