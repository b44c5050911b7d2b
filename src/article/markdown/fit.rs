//! How a table is set in the column of a mail, so that its words and numbers stand whole beside each other in letters that
//! can be read, on a telephone too: as it was written, as a record a row on telephones, or turned on its side.

use unicode_width::UnicodeWidthChar as _;

use super::SHOWN_WIDTH;
use super::tree::{Aligned, Inline, Table, letters, plain};

/// From so many columns on, a table that has no room for its words is set in another way; those of fewer columns have the
/// long words, and these are broken.
const MANY_COLUMNS: usize = 5;
/// As many rows at most stand beside each other when a table is turned.
const MOST_BESIDE: usize = 3;
/// A word of twenty letters, in hundredths of an em; from there on words of text are broken too (edition/breakable.rs).
const LONG_WORD: usize = 1160;
/// The scripts above have no hyphens (edition/breakable.rs).
const LAST_HYPHENATED_SCRIPT: char = '\u{052F}';
/// So many pixels more than its widest word a column gets before others get many.
const SHORT_WISH: usize = 40;
/// Bold letters are so much wider, in percent.
const BOLD: usize = 108;

/// The pixels of a column of text, of its letters, and of the gap between two columns of a table.
#[derive(Clone, Copy)]
struct Room {
    width: usize,
    letters: usize,
    gap: usize,
}

const USUAL: Room = Room { width: SHOWN_WIDTH as usize, letters: 15, gap: 14 };
const TIGHT: Room = Room { letters: 14, gap: 10, ..USUAL };
const PHONE: Room = Room { width: 280, ..TIGHT };
/// Where rows stand beside each other: rather so than each by itself, if only the narrowest telephone breaks a word.
const BESIDE: Room = Room { width: 300, ..PHONE };

/// How a table is set; style sheets know the classes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Setting {
    /// ` tight` where only the smallest letters let its words stand whole.
    pub(super) class: &'static str,
    /// Whether the first cell of each row is the head of it.
    pub(super) heads: bool,
    /// What stands before each cell when its row becomes a record on a telephone; empty when it does not.
    pub(super) labels: Vec<String>,
    /// The columns' shares of the width, in thousandths.
    pub(super) shares: Vec<usize>,
}

/// `table` as a mail sets it; in several parts when it is turned.
pub(super) fn set(table: &Table) -> Vec<(Table, Setting)> {
    let columns = measured(table);
    if columns.len() < MANY_COLUMNS || fits(&columns, PHONE) {
        return vec![(
            table.clone(),
            Setting { shares: thousandths(&shares_everywhere(&columns)), ..Setting::default() },
        )];
    }
    let (class, room) = if fits(&columns, USUAL) { ("", USUAL) } else { (" tight", TIGHT) };
    if !fits(&columns, room) || breaks_nowhere(table) {
        return turned(table);
    }
    // One without a head has records without labels.
    let label = |at: usize| table.head.get(at).map(|cell| plain(cell)).unwrap_or_default();
    let labels = (0..columns.len()).map(label).collect();
    vec![(
        table.clone(),
        Setting { class, heads: false, labels, shares: thousandths(&shares(&columns, room)) },
    )]
}

/// Its columns as rows, in as many parts as give each room on a telephone.
fn turned(table: &Table) -> Vec<(Table, Setting)> {
    let side = |rows: &[Vec<Vec<Inline>>], first: bool| {
        let cell = |row: &[Vec<Inline>], at: usize| row.get(at).cloned().unwrap_or_default();
        // What a head refers to, it refers to once.
        let head = |at| match cell(&table.head, at) {
            head if first => head,
            head => vec![Inline::Text(plain(&head))],
        };
        let line =
            |at| std::iter::once(head(at)).chain(rows.iter().map(|row| cell(row, at))).collect::<Vec<_>>();
        let columns = rows.iter().map(Vec::len).chain([table.head.len()]).max().unwrap_or(0);
        let numbers = table.aligned.iter().skip(1).all(|aligned| *aligned == Aligned::Right);
        let others = if numbers { Aligned::Right } else { Aligned::Left };
        let aligned = std::iter::once(Aligned::Left).chain(rows.iter().map(|_| others)).collect();
        Table { aligned, head: line(0), rows: (1..columns).map(line).collect() }
    };
    let split = |beside: usize| {
        let (rows, parts) = (&table.rows, table.rows.len().div_ceil(beside).max(1));
        let part = |n: usize| side(&rows[n * rows.len() / parts..(n + 1) * rows.len() / parts], n == 0);
        (0..parts).map(part).collect::<Vec<Table>>()
    };
    let has_room = |tables: &Vec<Table>| tables.iter().all(|table| fits(&measured(table), BESIDE));
    let tables = (2..=MOST_BESIDE).rev().map(split).find(has_room).unwrap_or_else(|| split(1));
    let set = |table: Table| {
        let shares = thousandths(&shares_beside(&measured(&table)));
        (table, Setting { heads: true, shares, ..Setting::default() })
    };
    tables.into_iter().map(set).collect()
}

/// Whether a word is in a script that has no hyphens: nothing would bring the columns into a telephone where a mail program
/// does not know the style sheet.
fn breaks_nowhere(table: &Table) -> bool {
    let joined = |c: char| c > LAST_HYPHENATED_SCRIPT && c.is_alphabetic() && c.width() == Some(1);
    std::iter::once(&table.head).chain(&table.rows).flatten().any(|cell| letters(cell).contains(joined))
}

/// What a column asks for, in hundredths of an em: its widest word, and its widest cell in one line.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    word: usize,
    line: usize,
}

fn measured(table: &Table) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (n, row) in std::iter::once(&table.head).chain(&table.rows).enumerate() {
        columns.resize(columns.len().max(row.len()), Column::default());
        let weight = if n == 0 { BOLD } else { 100 };
        for (column, cell) in columns.iter_mut().zip(row) {
            let (mut word, mut line) = (0, 0);
            for c in letters(cell).chars() {
                let wide = width(c) * weight / 100;
                // Scripts with wide signs have no spaces, and break between any two.
                let ends = matches!(c, ' ' | '\n' | '\u{AD}' | '\u{200B}') || c.width() == Some(2);
                word = if ends { wide } else { word + wide };
                line += wide;
                column.word = column.word.max(word);
                if c == '-' {
                    word = 0;
                }
            }
            column.line = column.line.max(line);
        }
    }
    columns
}

/// About how wide `c` is, in hundredths of an em: as in the wider ones of the fonts that systems have for text. In a word of
/// many scripts nobody knows better.
fn width(c: char) -> usize {
    match c {
        '\u{AD}' | '\u{200B}' => 0,
        ' ' | '.' | ',' | ':' | ';' | '\'' | '’' | '!' | '(' | ')' | '/' | '\u{A0}' | '\u{202F}' => 34,
        'i' | 'j' | 'l' | 'I' => 30,
        't' | 'f' | 'r' => 38,
        'm' | 'w' => 88,
        'M' | 'W' | '%' => 95,
        c if c.is_uppercase() => 70,
        c if c.is_numeric() => 62,
        c => [0, 58, 100][c.width().unwrap_or(0).min(2)],
    }
}

/// The pixels in which each column's widest word stands whole, with the gap behind it.
fn needs(columns: &[Column], room: Room) -> Vec<usize> {
    let gap = |at| if at + 1 < columns.len() { room.gap } else { 0 };
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| (column.word * room.letters).div_ceil(100) + gap(at))
        .collect()
}

fn fits(columns: &[Column], room: Room) -> bool {
    needs(columns, room).iter().sum::<usize>() <= room.width
}

/// The pixels that each column gets. Where all words fit, what is left lets short cells stand in one line, and goes then
/// where cells would fill many; where they do not, the widest words give way.
fn shares(columns: &[Column], room: Room) -> Vec<usize> {
    let mut shares = needs(columns, room);
    let Some(mut left) = room.width.checked_sub(shares.iter().sum()) else {
        return within(&shares, room.width);
    };
    let mut wishes: Vec<usize> =
        columns.iter().map(|column| (column.line - column.word) * room.letters / 100).collect();
    let short: Vec<usize> = wishes.iter().map(|&wish| wish.min(SHORT_WISH)).collect();
    for ((share, wish), short) in shares.iter_mut().zip(&mut wishes).zip(within(&short, left)) {
        (*share, *wish, left) = (*share + short, *wish - short, left - short);
    }
    let whole = wishes.iter().sum::<usize>().max(left).max(1);
    shares.iter().zip(&wishes).map(|(share, wish)| share + wish * left / whole).collect()
}

/// `wishes`, the largest of them cut so that they come to no more than `room`.
fn within(wishes: &[usize], room: usize) -> Vec<usize> {
    let cut = |most: usize| wishes.iter().map(move |wish| *wish.min(&most));
    let most = (0..=room).rev().find(|&most| cut(most).sum::<usize>() <= room).unwrap_or(0);
    cut(most).collect()
}

/// The shares of a telephone, which serve elsewhere too: nearly twice the room is there; but where they do not, those of
/// the whole width. Of long words nobody asks that they stand whole.
fn shares_everywhere(columns: &[Column]) -> Vec<usize> {
    let columns: Vec<Column> =
        columns.iter().map(|&Column { word, line }| Column { word: word.min(LONG_WORD), line }).collect();
    let phone = shares(&columns, PHONE);
    let whole = phone.iter().sum::<usize>().max(1);
    let serves =
        needs(&columns, USUAL).iter().zip(&phone).all(|(need, share)| need * whole <= share * USUAL.width);
    if serves { phone } else { shares(&columns, USUAL) }
}

/// Those of a table that was turned: of its parts, each has the same heads, and so the same columns.
fn shares_beside(columns: &[Column]) -> Vec<usize> {
    let Some((heads, others)) = columns.split_first() else { return Vec::new() };
    let word = others.iter().map(|column| column.word).max().unwrap_or(0);
    let most = PHONE.width.saturating_sub(others.len() * ((word * PHONE.letters).div_ceil(100) + PHONE.gap));
    let one_line = heads.line * PHONE.letters / 100 + PHONE.gap;
    let head = one_line.min(most).min(PHONE.width * 2 / 5).max(needs(columns, PHONE)[0]).min(PHONE.width / 2);
    let other = (PHONE.width - head) / others.len().max(1);
    std::iter::once(head).chain(others.iter().map(|_| other)).collect()
}

fn thousandths(shares: &[usize]) -> Vec<usize> {
    let whole = shares.iter().sum::<usize>().max(1);
    shares.iter().map(|share| share * 1000 / whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_turned_table_have_room_or_a_row_each() {
        let cell = |width: usize| vec![Inline::Text("x".repeat(width))];
        let row = |width: usize| vec![cell(4), cell(width), cell(width)];
        let mut several = 0;
        for widths in (0..625).map(|n| [n % 5, n / 5 % 5, n / 25 % 5, n / 125].map(|wide| 2 + 5 * wide)) {
            let (head, rows) = (vec![cell(4); 3], widths.map(row).to_vec());
            let parts = turned(&Table { aligned: Vec::new(), head, rows });
            let beside = |table: &Table| table.head.len() - 1;
            assert_eq!(parts.iter().map(|(table, _)| beside(table)).sum::<usize>(), 4);
            for (table, _) in &parts {
                several += usize::from(beside(table) > 1);
                assert!(fits(&measured(table), BESIDE) || parts.len() == 4, "{widths:?}");
            }
        }
        assert!(several > 0);
    }
}
