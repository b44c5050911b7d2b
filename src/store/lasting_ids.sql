-- Numbers of rows that never come back: links and letters name sign-ups, comments and letters by them. PostgreSQL's do not.
{lasting_ids};
