//! Stories of an operator who is told whom an edition did not reach, and decides about them.

use straight::press::Clock;
use straight::store::Ownership;
use straight::subscriber::Status;

use super::control::straight;
use super::{Newsroom, Sink};

/// An edition that reached some: one has it, one bounced, one was refused for what we are, one never answered.
async fn room_with_troubles(settings: &str) -> (Newsroom, Sink, String) {
    let sink = Sink::open().await;
    let settings = format!("{}\nweb: {{listen: off}}\n{settings}", sink.settings());
    let room = Newsroom::new().settings(&settings);
    let readers = ["ann@example.org", "gone@example.org", "policy@example.org", "drop@example.org"];
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    let (_, told) = straight(&room, &["send"]).await;
    (room, sink, told)
}

/// That the command ends with a failure, and says these.
async fn refused(room: &Newsroom, arguments: &[&str], wanted: &[&str]) {
    let (well, told) = straight(room, arguments).await;
    assert!(!well, "{arguments:?} ended well: {told}");
    for words in wanted {
        assert!(told.contains(words), "{arguments:?}: `{words}` is not in: {told}");
    }
}

/// That the command ends well, and says these.
async fn done(room: &Newsroom, arguments: &[&str], wanted: &[&str]) {
    let (well, told) = straight(room, arguments).await;
    assert!(well, "{arguments:?} failed: {told}");
    for words in wanted {
        assert!(told.contains(words), "{arguments:?}: `{words}` is not in: {told}");
    }
}

#[tokio::test]
async fn a_bounced_reader_is_queued_only_after_the_operator_takes_the_address_for_good() {
    let (room, sink, told) = room_with_troubles("delivery: {uncertain: hold}").await;
    assert!(told.contains("Sent to 1 of 4 readers."), "{told}");
    let retry = ["deliveries", "retry", "gone@example.org"];
    refused(
        &room,
        &retry,
        &[
            "nothing is queued for gone@example.org, who bounced",
            "`straight subscribers revive gone@example.org`",
            "then retry",
            "it is failed: 550 5.1.1 nobody of that name",
        ],
    )
    .await;
    let list = ["deliveries", "list"];
    done(
        &room,
        &list,
        &["failed      gone@example.org                          550 5.1.1 nobody of that name"],
    )
    .await;
    // With all the others she is left out, and that is said.
    done(
        &room,
        &["deliveries", "retry", "--all"],
        &[
            "is queued anew for 2 readers",
            "for 1 reader no answer came the last time",
            "not queued: 1 reader who bounced",
        ],
    )
    .await;
    done(
        &room,
        &list,
        &["failed      gone@example.org                          550 5.1.1 nobody of that name"],
    )
    .await;
    straight(&room, &["send"]).await;
    done(&room, &list, &["failed      gone@example.org", "2 of 4 deliveries"]).await;

    done(&room, &["subscribers", "revive", "gone@example.org"], &["is active again", "deliveries retry"])
        .await;
    done(&room, &retry, &["is queued anew for gone@example.org", "straight send"]).await;
    refused(&room, &retry, &["is queued for gone@example.org already"]).await;
    straight(&room, &["send"]).await;
    refused(&room, &retry, &["it is failed: 550 5.1.1 nobody of that name", "revive"]).await;
    assert_eq!(sink.copies("gone@example.org").len(), 0);
    assert_eq!(sink.copies("ann@example.org").len(), 1, "nobody else got it twice");
    assert_eq!(sink.copies("drop@example.org").len(), 2, "but the one of whom the operator was warned");
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused_with_where_it_stands() {
    let (room, _sink, _) = room_with_troubles("delivery: {uncertain: hold}").await;
    done(&room, &["subscribers", "add", "new@example.org"], &[]).await;
    for verb in [vec!["retry"], vec!["resolve", "--as", "arrived"]] {
        let said = |address: &'static str| [&["deliveries"], &verb[..], &[address]].concat();
        refused(&room, &said("nobody@example.org"), &["nobody@example.org is not among the subscribers"])
            .await;
        refused(&room, &said("new@example.org"), &["was not for new@example.org: they came later"]).await;
    }
    refused(&room, &["deliveries", "retry", "ann@example.org"], &["is sent to ann@example.org already"])
        .await;
    let resolve = |address: &'static str| ["deliveries", "resolve", "--as", "lost", address];
    refused(&room, &resolve("ann@example.org"), &["is sent for ann@example.org", "only what is uncertain"])
        .await;
    refused(&room, &resolve("policy@example.org"), &["is failed for policy@example.org", "deliveries retry"])
        .await;

    done(&room, &resolve("drop@example.org"), &["counts as failed for drop@example.org", "deliveries retry"])
        .await;
    refused(&room, &resolve("drop@example.org"), &["is failed for drop@example.org"]).await;
    done(&room, &["deliveries", "resolve", "--all", "--as", "arrived"], &["there is nothing to settle"])
        .await;
    // Who has left is not brought back by an operator's slip.
    done(&room, &["subscribers", "remove", "drop@example.org"], &[]).await;
    refused(
        &room,
        &["deliveries", "retry", "drop@example.org"],
        &["nothing is queued", "who left: only their own sign-up"],
    )
    .await;
    refused(&room, &["subscribers", "revive", "drop@example.org"], &["left: only their own sign-up"]).await;
}

#[tokio::test]
async fn an_edition_that_is_given_up_queues_nobody_to_be_given_up_at_once() {
    let (room, sink, _) = room_with_troubles("delivery: {give_up_after: 4s}").await;
    tokio::time::sleep(std::time::Duration::from_millis(4_100)).await;
    for of in ["--all", "policy@example.org"] {
        refused(&room, &["deliveries", "retry", of], &["is given up since", "`delivery.give_up_after`"])
            .await;
    }
    // As the message says: allowed more time, it goes.
    let settings = format!("{}\nweb: {{listen: off}}\ndelivery: {{give_up_after: 20h}}", sink.settings());
    let room = room.settings(&settings);
    done(&room, &["deliveries", "retry", "policy@example.org"], &["is queued anew for policy@example.org"])
        .await;
    let (_, told) = straight(&room, &["send"]).await;
    assert!(told.contains("× failed: 550 5.7.1 not from you") && !told.contains("expired"), "{told}");
}

#[tokio::test]
async fn readers_are_told_and_not_attempts() {
    let (room, sink, told) = room_with_troubles("").await;
    assert_eq!(sink.copies("drop@example.org").len(), 2);
    assert!(told.contains("sent once more to 1 reader, because no answer came the first time"), "{told}");
    done(&room, &["status"], &["sent once more to 1 reader"]).await;
    let (_, told) = straight(&room, &["status", "--format", "json"]).await;
    assert!(told.contains("\"sent_twice\": 1"), "{told}");

    let (room, _sink, told) = room_with_troubles("delivery: {uncertain: hold}").await;
    assert!(!told.contains("once more"), "{told}");
    let (_, told) = straight(&room, &["status"]).await;
    assert!(
        told.contains("1  uncertain") && told.contains("uncertain: 1 reader may have it or not"),
        "{told}"
    );
    assert!(!told.contains("takes nothing for now"), "all that was due has been tried: {told}");
}

#[tokio::test]
async fn a_send_that_has_nothing_due_says_when_and_names_its_own_edition() {
    let sink = Sink::open().await;
    let one = format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: 1}}", sink.port);
    let room = Newsroom::new().settings(&format!("{one}\nweb: {{listen: off}}"));
    let readers = ["grey@example.org", "gone@example.org", "ann@example.org", "policy@example.org"];
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    let (_, told) = straight(&room, &["send", "--edition", "2025-01-02"]).await;
    // One by its server, and one until it is known of whom the refusal speaks.
    assert!(told.contains("2 put off, and tried again") && told.contains("1 failed"), "{told}");
    assert!(told.contains("`straight deliveries list --edition 2025-01-02` names them"), "{told}");
    let (_, told) = straight(&room, &["send", "--edition", "2025-01-02"]).await;
    assert!(told.contains("2 of 4 are deferred, and none is due before "), "{told}");
    assert_eq!(sink.total(), 1);
    let retry = ["deliveries", "retry", "grey@example.org"];
    done(&room, &retry, &["is queued anew"]).await;
    done(&room, &["status"], &["1 × queued again after: 451 4.7.1 greylisted, come back"]).await;
    let (_, told) = straight(&room, &["send", "--edition", "2025-01-02"]).await;
    assert!(told.contains("going on with 2 of 4") && told.contains("Sent to 2 of 4 readers."), "{told}");
}

#[tokio::test]
async fn whom_an_outage_struck_off_is_revived_at_one_go() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
    let readers = [
        "ann@example.org",
        "bo@example.org",
        "gone@small.example",
        "lost@small.example",
        "policy@example.org",
        "cy@example.org",
    ];
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    // Too few to tell it from the truth.
    sink.forget(Some("@small.example"));
    straight(&room, &["send"]).await;
    let press = room.press().await;
    let key = press.store.editions(None, 1).await.unwrap()[0].key.to_string();
    let revive = ["subscribers", "revive", "--edition", &key];
    let of = |more: &[&'static str]| [&revive[..], more].concat();
    done(&room, &["subscribers", "list", "--status", "bounced"], &["2 bounced"]).await;
    done(&room, &["subscribers", "remove", "gone@small.example"], &["is unsubscribed"]).await;

    done(&room, &of(&["--reason", "5.1.10"]), &["Nobody is revived"]).await;
    done(&room, &of(&["--reason", "5.7.1"]), &["Nobody is revived"]).await;
    let (_, told) = straight(&room, &of(&["--reason", "5.1.1", "--dry-run"])).await;
    assert_eq!(
        told.lines().skip(1).collect::<Vec<_>>(),
        [
            "lost@small.example                        550 5.1.1 nobody of that name",
            "1 reader would be active again; nothing is changed."
        ]
    );
    done(&room, &["subscribers", "list", "--status", "bounced"], &["1 bounced"]).await;
    done(&room, &of(&["--reason", "Nobody of"]), &["1 reader is active again", "deliveries retry --all"])
        .await;
    done(&room, &of(&[]), &["Nobody is revived"]).await;
    sink.forget(None);
    done(&room, &["deliveries", "retry", "--all", "--edition", &key], &["is queued anew for 2 readers"])
        .await;
    straight(&room, &["send", "--edition", &key]).await;
    assert_eq!(sink.copies("lost@small.example").len(), 1);
    assert_eq!(sink.copies("gone@small.example").len(), 0, "who left stays out");
    refused(&room, &["subscribers", "revive", "--edition", "2025-01-01"], &["2025-01-01 has not gone out"])
        .await;
    refused(&room, &["subscribers", "revive"], &["--edition"]).await;
    refused(&room, &["subscribers", "revive", "ann@example.org", "--dry-run"], &["cannot be used with"])
        .await;
}

#[tokio::test]
async fn letters_that_did_not_get_through_are_shown_tried_again_and_settled() {
    let sink = Sink::open().await;
    let settings = format!("{}\nweb: {{listen: off}}\ndelivery: {{uncertain: hold}}", sink.settings());
    let room = Newsroom::new().settings(&settings);
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    for (to, subject) in
        [("void1@example.org", "Confirm"), ("void2@example.org", "Welcome"), ("bo@example.org", "Hello")]
    {
        let to = to.parse().unwrap();
        let now = Clock::system().now();
        assert!(press.store.add_letter(subject, &to, subject, "Please.\n", now).await.unwrap());
    }
    straight(&room, &["run", "--once"]).await;
    let (well, told) = straight(&room, &["letters", "list"]).await;
    assert!(well, "{told}");
    let lines: Vec<&str> = told.lines().skip(1).collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(lines[0].starts_with("     1  uncertain  void1@example.org                 Confirm  "), "{told}");
    assert!(lines[1].starts_with("     2  uncertain  void2@example.org                 Welcome  "), "{told}");
    assert_eq!(lines[2], "2 letters are not sent");
    done(&room, &["letters", "list", "--state", "sent"], &["3  sent", "bo@example.org", "1 letter is sent"])
        .await;
    done(&room, &["status"], &["2 uncertain", "`straight letters list` shows them"]).await;

    refused(&room, &["letters", "retry", "3"], &["letter 3 is sent to bo@example.org already"]).await;
    refused(&room, &["letters", "retry", "9"], &["there is no letter 9"]).await;
    refused(&room, &["letters", "retry"], &["<NUMBER|--all>"]).await;
    refused(&room, &["letters", "list", "--state", "suppressed"], &["possible values", "uncertain"]).await;
    refused(&room, &["letters", "resolve", "3", "--as", "lost"], &["is sent, and only what is uncertain"])
        .await;
    done(&room, &["letters", "resolve", "2", "--as", "arrived"], &["Letter 2 counts as sent"]).await;
    done(
        &room,
        &["letters", "resolve", "1", "--as", "lost"],
        &["Letter 1 counts as failed", "letters retry"],
    )
    .await;
    refused(&room, &["letters", "resolve", "1", "--as", "lost"], &["is failed", "letters retry"]).await;
    done(&room, &["letters", "resolve", "--all", "--as", "lost"], &["there is nothing to settle"]).await;

    // What failed can be sent once the server is mended; a second copy of what arrived cannot.
    sink.mend();
    done(
        &room,
        &["letters", "retry", "--all", "--state", "uncertain"],
        &["no letter that is uncertain is to be tried again"],
    )
    .await;
    done(&room, &["letters", "retry", "--all"], &["1 letter is queued anew"]).await;
    refused(&room, &["letters", "retry", "1"], &["letter 1 is queued for void1@example.org already"]).await;
    straight(&room, &["run", "--once"]).await;
    assert_eq!(sink.messages("void1@example.org").len(), 2);
    assert!(sink.messages("void1@example.org")[1].contains("Please."));
    done(&room, &["letters", "list"], &["0 letters are not sent"]).await;
    refused(&room, &["letters", "retry", "2"], &["letter 2 is sent to void2@example.org already"]).await;
}

#[tokio::test]
async fn a_letter_that_a_template_of_one_s_own_fails_at_is_told_where_operators_look() {
    let sink = Sink::open().await;
    let settings = format!("{}\nweb: {{listen: off}}\nedition: {{templates: tpl}}", sink.settings());
    let room = Newsroom::new().settings(&settings);
    let own = room.folder.path().join("tpl/letter");
    std::fs::create_dir_all(&own).unwrap();
    // Of which no sample knows: only a reader who is called so meets it.
    let goodbye = "Bye.\n{% if reader.name and reader.name == \"Bo\" %}{{ nothere }}{% endif %}\n";
    std::fs::write(own.join("goodbye.txt"), goodbye).unwrap();
    room.article("tide", "2025-01-02", "The Tide Turns");
    done(&room, &["check"], &["2 hints in 1 file"]).await;
    let press = room.press().await;
    let now = Clock::system().now();
    for (name, to) in [("Ann", "ann@example.org"), ("Bo", "bo@example.org"), ("Bo", "void1@example.org")] {
        let letter = press.letters.goodbye(Some(name)).unwrap();
        assert_eq!(letter.text.starts_with("Bye."), name == "Ann", "{}", letter.text);
        assert!(press.store.post_letter("left", &to.parse().unwrap(), &letter, None, now).await.unwrap());
    }
    straight(&room, &["run", "--once"]).await;
    let why = "tpl/letter/goodbye.txt:2:48: ";
    let all =
        "Letters of the last 7 days: 2 were written by built-in templates, for yours fail, the last at ";
    done(&room, &["status"], &[all, why, "`straight check` tries the templates"]).await;
    let waiting = "\n        written by the built-in template, for yours fails: ";
    done(&room, &["letters", "list"], &[waiting, why, "1 letter is not sent", all]).await;
    let (_, told) = straight(&room, &["letters", "list", "--state", "sent"]).await;
    assert_eq!(told.matches("written by the built-in template,").count(), 1, "of Bo's, not of Ann's: {told}");
    let (_, told) = straight(&room, &["status", "--format", "json"]).await;
    let told: serde_json::Value = serde_json::from_str(&told[told.find('{').unwrap()..]).unwrap();
    let told = &told["letters_by_built_in_templates"];
    assert_eq!(told["count"], 2);
    assert!(told["why"].as_str().unwrap().contains(why), "{told}");
}

#[tokio::test]
async fn an_edition_that_fails_for_more_than_it_is_sent_to_ends_no_command_well() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
    let readers = ["gone1@a.example", "gone2@b.example", "gone3@c.example", "ann@example.org"];
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    refused(&room, &["send"], &["Sent to 1 of 4 readers.", "3 failed"]).await;
    let press = room.press().await;
    let key = press.store.editions(None, 1).await.unwrap()[0].key.to_string();
    done(&room, &["subscribers", "revive", "--edition", &key], &["3 readers are active again"]).await;
    done(&room, &["deliveries", "retry", "--all"], &["is queued anew for 3 readers"]).await;
    let said = format!("not everything went out: the edition {key} failed for 3 and was sent to 1");
    refused(&room, &["run", "--once"], &[&said]).await;
    done(&room, &["run", "--once"], &["Done; the next edition is due "]).await;
}

#[tokio::test]
async fn letters_that_wait_go_out_with_a_send_that_has_no_edition_to_send() {
    let sink = Sink::open().await;
    let settings = |port: u16| {
        format!("smtp: {{url: \"smtp://127.0.0.1:{port}\", connections: 3}}\nweb: {{listen: off}}")
    };
    let room = Newsroom::new().settings(&settings(sink.port));
    room.article("tide", "2025-01-02", "The Tide Turns");
    let press = room.press().await;
    let write = async |cause: &str| {
        let (to, now) = (format!("{cause}@example.org").parse().unwrap(), Clock::system().now());
        assert!(press.store.add_letter(cause, &to, cause, "Please.\n", now).await.unwrap());
    };
    write("early").await;
    refused(&room, &["send"], &["1 letter went out.", "nobody is subscribed"]).await;
    room.readers(&["ann@example.org"]).await;
    write("beside").await;
    done(&room, &["send"], &["1 letter went out.", "Sent to 1 of 1 readers."]).await;
    write("bo").await;
    write("cy").await;
    done(&room, &["send"], &["has gone out already, to 1 of 1", "2 letters went out."]).await;
    write("dee").await;
    done(&room, &["send", "--edition", "2025-02-02"], &["Nothing new for 2025-02-02", "1 letter went out."])
        .await;
    room.file("broken.md", "---\ntittle: Oops\ndate: 2025-01-09\n---\nText.\n");
    write("eve").await;
    refused(&room, &["send", "--edition", "2025-01-09"], &["1 letter went out.", "is held"]).await;
    for name in ["early", "beside", "bo", "cy", "dee", "eve"] {
        assert_eq!(sink.messages(&format!("{name}@example.org")).len(), 1, "{name}");
    }
    let (_, told) = straight(&room, &["send"]).await;
    assert!(!told.contains("letter"), "{told}");

    // Whoever sends already sends them, and is asked to.
    write("fay").await;
    let asked = Clock::system().now();
    let lock = press.store.acquire_sender().await.unwrap();
    assert!(matches!(lock, Ownership::Ours(_)));
    done(&room, &["send"], &["has gone out already", "1 letter waits; `straight letters list` shows it."])
        .await;
    assert!(press.store.is_asked_to_send_since(asked).await.unwrap());
    drop(lock);
    // A server that lets nothing through is told of, and the letter is not lost.
    let room = room.settings(&settings(1));
    refused(&room, &["send"], &["has gone out already", "1 letter waits", "nothing gets through: "]).await;
    let room = room.settings(&settings(sink.port));
    done(&room, &["send"], &["1 letter went out."]).await;
    assert_eq!(sink.messages("fay@example.org").len(), 1);
}

#[tokio::test]
async fn whose_domain_comes_back_while_an_edition_goes_out_gets_it_with_one_command() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
    let readers = ["ann@example.org", "grey1@big.example", "grey2@big.example", "grey3@example.org"];
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    straight(&room, &["send"]).await;
    done(&room, &["deliveries", "retry", "--all"], &["is queued anew for 3 readers"]).await;
    done(&room, &["subscribers", "remove", "--domain", "big.example"], &["2 readers at big.example"]).await;
    done(&room, &["subscribers", "remove", "grey3@example.org"], &["is unsubscribed"]).await;
    done(&room, &["send"], &["Sent to 1 of 4 readers.", "3 left out"]).await;
    // Nobody is back yet: that is said, and is no failure.
    let left_out = ["not queued: 2 readers who bounced", "not queued: 1 reader who left"];
    done(&room, &["deliveries", "retry", "--all"], &[&["Nothing is queued anew"][..], &left_out].concat())
        .await;

    let revive = ["subscribers", "revive", "--domain", "big.example"];
    done(&room, &revive, &["2 readers are active again", "`straight deliveries retry --all`"]).await;
    done(&room, &["deliveries", "retry", "--all"], &["is queued anew for 2 readers", left_out[1]]).await;
    done(&room, &["send"], &["Sent to 3 of 4 readers.", "1 left out"]).await;
    let copies = readers.map(|reader| sink.copies(reader).len());
    assert_eq!(copies, [1, 1, 1, 0], "each once, and who left not at all");
}

#[tokio::test]
async fn a_domain_that_is_gone_is_taken_off_by_one_command_and_brought_back_by_another() {
    let room = Newsroom::new();
    let there = ["ann@big.example", "bo@BIG.example", "left@big.example", "dead@big.example"];
    room.readers(&[&there[..], &["cy@example.org", "dee@not.big.example", "ed@notbig.example"]].concat())
        .await;
    let press = room.press().await;
    let dead = press.store.by_email(&"dead@big.example".parse().unwrap()).await.unwrap().unwrap();
    press.store.bounce(dead.id, press.clock.now()).await.unwrap();
    done(&room, &["subscribers", "remove", "left@big.example"], &["is unsubscribed"]).await;
    let counted = async || press.store.subscriber_counts().await.unwrap();
    let before = [(Status::Active, 5), (Status::Unsubscribed, 1), (Status::Bounced, 1)];
    assert_eq!(counted().await, before);

    let remove = ["subscribers", "remove", "--domain", "Big.Example"];
    let dry = [&remove[..], &["--dry-run"]].concat();
    let (_, told) = straight(&room, &dry).await;
    assert!(told.contains("2 readers at big.example would be set aside; nothing is changed."), "{told}");
    assert!(told.lines().any(|line| line == "ann@big.example"), "{told}");
    assert_eq!(counted().await, before);

    done(&room, &remove, &["Set aside as bounced: 2 readers at big.example.", "revive --domain big.example"])
        .await;
    assert_eq!(counted().await, [(Status::Active, 3), (Status::Unsubscribed, 1), (Status::Bounced, 3)]);
    let shown = ["ann@big.example is bounced", "Taken off the list on ", " by "];
    done(&room, &["subscribers", "show", "ann@big.example"], &shown).await;
    done(&room, &["subscribers", "show", "left@big.example"], &["Taken off the list on "]).await;
    refused(&room, &["subscribers", "add", "ann@big.example"], &["bounced", "straight subscribers revive"])
        .await;
    done(&room, &remove, &["Nobody at big.example gets editions: nothing is changed."]).await;

    // Just those, as they were: who was dead or gone before stays so.
    let revive = ["subscribers", "revive", "--domain", "big.example"];
    let dry = [&revive[..], &["--dry-run"]].concat();
    done(&room, &dry, &["2 readers at big.example would be active again; nothing is changed."]).await;
    done(&room, &revive, &["2 readers are active again, and get the next edition."]).await;
    assert_eq!(counted().await, before);
    let shown = ["ann@big.example is active", "Taken off the list on ", ", and back since then."];
    done(&room, &["subscribers", "show", "ann@big.example"], &shown).await;
    done(&room, &revive, &["Nobody is revived"]).await;
    refused(&room, &["subscribers", "remove", "--domain", "big"], &["no domain name"]).await;
    // Of who is erased not even that is kept.
    done(&room, &["subscribers", "erase", "left@big.example"], &[]).await;
    let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
    let kept = "SELECT COUNT(*) FROM subscribers WHERE erased_at IS NOT NULL AND removed_by IS NULL";
    assert_eq!(database.query_row(kept, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    refused(&room, &["subscribers", "remove"], &["--domain"]).await;
}
