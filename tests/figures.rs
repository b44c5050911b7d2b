//! The figures that README.md and the head of docs/performance.md quote are those that the measuring commands wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;

/// A table of the page of figures: each row by its first cell, and its cells by the names of their columns.
type Table = BTreeMap<String, BTreeMap<String, String>>;

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The table in the section that a run has written.
fn section(page: &str, name: &str) -> Table {
    let begin = format!("<!-- {name}: written by the run -->");
    let end = format!("<!-- end of {name} -->");
    let text = page.split_once(&begin).unwrap_or_else(|| panic!("no section {name}")).1;
    table(text.split_once(&end).unwrap().0)
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// The first table of `text`.
fn table(text: &str) -> Table {
    let mut lines =
        text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let head = cells(lines.next().unwrap());
    lines
        .skip(1)
        .map(|line| {
            let row = cells(line);
            let named = head.iter().zip(&row).map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()));
            (row[0].to_owned(), named.collect())
        })
        .collect()
}

/// `0.97` of `0.97 (0.92–1.18)`, `4.8` of `4.8 s`.
fn number(cell: &str) -> f64 {
    let digits = cell.split_whitespace().next().unwrap().replace(',', "");
    digits.parse().unwrap_or_else(|_| panic!("{cell} is no figure"))
}

/// In full hundreds, as prose has it: `7,200`.
fn hundreds(figure: f64) -> String {
    let rounded = format!("{:.0}", (figure / 100.0).round() * 100.0);
    match rounded.len() {
        0..=3 => rounded,
        length => format!("{},{}", &rounded[..length - 3], &rounded[length - 3..]),
    }
}

/// Text on one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sends(page: &str, signed: &str) -> Table {
    section(page, &format!("send 10,000 mails, signed: {signed}"))
}

#[test]
fn the_readme_quotes_what_was_measured_and_nothing_else() {
    let page = read("docs/performance.md");
    let (unsigned, both, ledger) = (sends(&page, "none"), sends(&page, "both"), section(&page, "ledger"));
    let unsigned = &unsigned["4"];
    let most = flat(&page).split_once("A send to 1,000,000 readers").unwrap().1.to_owned();
    let most = most.split(" MB at most").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let other = table(page.split_once("## The same on another machine").unwrap().1);
    let elsewhere = |row: &str| {
        let told = other[row]["measured"].split_once(", ").unwrap().1.to_owned();
        number(told.split_once(" msg/s").unwrap().0)
    };
    let quoted = [
        format!(
            "{} personal mails of 40 KB a second with the ledger durable ({} × `smtp-source`",
            hundreds(number(&unsigned["msg/s"])),
            number(&unsigned["× smtp-source"])
        ),
        format!("{} signed with RSA and Ed25519", hundreds(number(&both["4"]["msg/s"]))),
        format!(
            "a million readers imported in {} s",
            number(&ledger["import 1,000,000 subscribers from CSV"]["measured"])
        ),
        format!(
            "an edition published to them in {} s",
            number(&ledger["publish 1,000,000 deliveries, one transaction"]["measured"])
        ),
        format!("at most {most} MB"),
        format!(
            "{} unsigned and {} signed",
            hundreds(elsewhere("unsigned, 4 and 16 connections")),
            hundreds(elsewhere("both signatures"))
        ),
    ];
    let readme = flat(&read("README.md"));
    let fast = readme.split_once("- **Fast, in little memory.**").unwrap().1;
    let mut fast = fast.split_once(" - **").unwrap().0.to_owned();
    for words in &quoted {
        assert!(fast.contains(words.as_str()), "README.md does not say “{words}”, but: {fast}");
        fast = fast.replacen(words.as_str(), "", 1);
    }
    assert!(
        !fast.contains(|c: char| c.is_ascii_digit()),
        "README.md has a figure that nothing holds: {fast}"
    );
    for rows in [&ledger["… peak RSS"], unsigned, &both["4"], &both["16"]] {
        let used = rows.get("peak RSS MB").or_else(|| rows.get("measured")).unwrap();
        assert!(number(used) <= most.parse().unwrap(), "{used} MB is more than README.md's {most}");
    }
}

#[test]
fn the_goals_that_are_missed_are_told_as_they_were_measured() {
    let page = read("docs/performance.md");
    let missed = table(page.split_once("## Goals that are missed").unwrap().1);
    let ratio = |signed: &str, connections: &str| number(&sends(&page, signed)[connections]["× smtp-source"]);
    for (row, signed) in
        [("unsigned, 4 and 16 connections", "none"), ("Ed25519", "ed25519"), ("both signatures", "both")]
    {
        let Some(told) = missed.get(row) else { continue };
        let wanted = format!("{:.2} and {:.2}", ratio(signed, "4"), ratio(signed, "16"));
        assert!(
            told["measured"].starts_with(&wanted),
            "{row}: {} is told, {wanted} was measured",
            told["measured"]
        );
    }
    let render = "`straight render`: a day of ten articles, cold start";
    if let Some(told) = missed.get("`straight render`, ten articles") {
        assert_eq!(told["measured"], section(&page, "ledger")[render]["measured"]);
    }
    // What the runs have found to miss its goal is told there.
    for (row, cells) in section(&page, "ledger") {
        let Some(limit) = cells["goal"].strip_prefix("≤ ") else { continue };
        if number(&cells["measured"]) > number(limit) {
            let name = row.split([':', ',']).next().unwrap();
            assert!(
                missed.keys().any(|told| told.contains(name)),
                "{row} misses its goal, and that is not told"
            );
        }
    }
    for (signed, row) in [("none", "unsigned"), ("ed25519", "Ed25519"), ("both", "both")] {
        for (connections, cells) in sends(&page, signed) {
            let goal = cells["goal"].strip_prefix("≥ ").map(number);
            if goal.is_some_and(|goal| number(&cells["× smtp-source"]) < goal) {
                assert!(
                    missed.keys().any(|told| told.starts_with(row)),
                    "{signed} over {connections} connections misses its goal, and that is not told"
                );
            }
        }
    }
}

#[test]
fn the_readme_counts_the_mails_that_are_held_to_the_bars() {
    let page = read("docs/email-quality.md");
    let is_mail = |line: &&str| line.starts_with("| ") && !line.starts_with("| mail |");
    let mails = page
        .split("\n| mail |")
        .skip(1)
        .flat_map(|part| part.lines().skip(1).take_while(|line| line.starts_with('|')).filter(is_mail));
    let mails = mails.count();
    let bars = flat(&page).split_once("There are ").unwrap().1.split(' ').next().unwrap().to_owned();
    let wanted = format!("{mails} mails, editions and letters in three languages, against {bars} bars");
    assert!(flat(&read("README.md")).contains(&wanted), "README.md does not say “{wanted}”");
}

/// That the checks above can fail.
#[test]
fn a_figure_is_read_from_its_table() {
    let page = "<!-- x: written by the run -->\n## X\n\n| what | msg/s |\n|---|---|\n| 4 | 7166 |\n| 16 | 0.97 (0.92–1.18) |\n<!-- end of x -->\n";
    let x = section(page, "x");
    assert_eq!((number(&x["4"]["msg/s"]), number(&x["16"]["msg/s"])), (7166.0, 0.97));
    assert_eq!([7166.0, 3391.0, 949.0, 12_345.0].map(hundreds), ["7,200", "3,400", "900", "12,300"]);
}
