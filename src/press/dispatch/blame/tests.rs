//! What becomes of refusals, as a run hears them.

use std::time::Duration;

use super::*;
use crate::store::EditionId;
use crate::subscriber::AddressPrint;

const HERE: &str = "example.org";
fn before(sent_to: SentTo, refused: usize) -> Before {
    Before { sent_to, refused, waiting: HashSet::new() }
}

fn new() -> Before {
    before(SentTo::Nobody, 0)
}

fn sent() -> Before {
    before(SentTo::Several, 0)
}

fn of(reader: i64) -> Refusal {
    let (asked, of) = (AddressPrint::of("a@example.org"), Refused::Message);
    Refusal { edition: EditionId(1), subscriber: SubscriberId(reader), attempt: 1, asked, of }
}

fn unknown(reader: i64) -> Refusal {
    Refusal { of: Refused::Address, ..of(reader) }
}

fn refuse(blame: &mut Blame, refusal: Refusal, domain: &str, now: Instant) -> Option<Alarm> {
    blame.refused(refusal, domain, &no(), (Asked::First, Over::ONE), (DateTime::UNIX_EPOCH, now))
}

fn accept(blame: &mut Blame, domain: &str, begun: Instant) -> Vec<Refusal> {
    blame.accepted(domain, Over::ONE, begun).own
}

fn domain(n: i64) -> String {
    format!("d{n}.example")
}

fn no() -> Reply {
    Reply { code: 550, enhanced: Some((5, 7, 1)), text: "5.7.1 not from you".to_owned() }
}

#[test]
fn a_refusal_between_two_acceptances_was_its_own() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, new());
    assert_eq!(accept(&mut blame, HERE, began), []);
    for reader in 0..100 {
        let at = 2 * reader as u64;
        assert_eq!(refuse(&mut blame, unknown(reader), HERE, later(at)), None);
        assert_eq!(accept(&mut blame, HERE, later(at + 1)), [unknown(reader)]);
    }
    assert_eq!(blame.undecided(), []);
}

#[test]
fn messages_that_are_refused_at_several_domains_among_others_speak_of_us() {
    // Every second one, at so many domains; and what they refuse.
    for (domains, what, halts) in [(5, of as fn(i64) -> Refusal, true), (2, of, false), (5, unknown, false)] {
        let began = Instant::now();
        let mut blame = Blame::new(false, new());
        let (mut own, mut halted) = (0, None);
        for n in 0..200 {
            let at = began + Duration::from_secs(2 * n as u64);
            own += accept(&mut blame, &domain(n % domains), at).len();
            if let Some(Alarm::Halt(why)) = refuse(&mut blame, what(n), &domain(n % domains), at) {
                halted = Some((n, why));
                break;
            }
        }
        assert_eq!(halted.is_some(), halts, "{domains}");
        if let Some((n, why)) = halted {
            assert_eq!((n, own), (12, 0), "nobody has failed for it");
            assert!(why.contains("refused 13 of the last 26 messages"), "{why}");
        } else {
            assert!(own > 190, "{own}");
        }
    }
}

#[test]
fn a_slow_acceptance_says_nothing_of_what_was_refused_meanwhile() {
    let began = Instant::now();
    let mut blame = Blame::new(false, new());
    refuse(&mut blame, unknown(1), HERE, began);
    let slow = began + Duration::from_secs(1);
    refuse(&mut blame, unknown(2), HERE, began + Duration::from_secs(2));
    assert_eq!(accept(&mut blame, HERE, slow), [unknown(1)]);
    assert_eq!(blame.undecided(), [unknown(2)]);
}

#[test]
fn ten_in_a_row_are_ours_and_three_when_a_halt_is_on_record() {
    let now = Instant::now();
    for (is_probe, several) in [(false, 10), (true, 3)] {
        let mut blame = Blame::new(is_probe, new());
        let halts: Vec<bool> = (1..=several)
            .map(|n| matches!(refuse(&mut blame, of(n), &domain(n), now), Some(Alarm::Halt(_))))
            .collect();
        assert_eq!(halts.iter().position(|halts| *halts), Some(halts.len() - 1), "{is_probe}");
        assert!(blame.told().contains(&format!("refused {several} messages in a row, the last with: 550")));
        assert_eq!(blame.undecided().len(), halts.len());
    }
    // The more went back, the more are asked.
    for (refused, several) in [(4, 3), (22, 11), (99, 49), (100, 50)] {
        let mut blame = Blame::new(true, before(SentTo::Nobody, refused));
        let halts = (1..=60).position(|n| refuse(&mut blame, of(n), &domain(n), now).is_some());
        assert!(halts.is_some());
        assert_eq!(blame.several(), several);
    }
    let mut over = Blame::new(true, new());
    accept(&mut over, HERE, now);
    assert!((1..10).all(|n| refuse(&mut over, of(n), &domain(n), now).is_none()), "the halt is over");
}

#[test]
fn when_one_domain_refuses_several_in_a_row_the_others_are_asked_first() {
    let now = Instant::now();
    let others = Some(Alarm::Others(HERE.to_owned()));
    let halted = |alarm: &Option<Alarm>| matches!(alarm, Some(Alarm::Halt(_)));
    for (is_probe, at_one, elsewhere) in [(false, 10, 5), (true, 1, 2)] {
        let refused_here = |at_most: i64| {
            let mut blame = Blame::new(is_probe, new());
            let alarms: Vec<_> = (1..=at_most).map(|n| refuse(&mut blame, of(n), HERE, now)).collect();
            assert_eq!(alarms.iter().position(|alarm| *alarm == others), Some(at_one as usize - 1));
            assert!(!alarms.iter().any(halted), "those on their way do not halt it");
            blame
        };
        // They are refused too: it is us.
        let mut blame = refused_here(at_one + 2);
        let alarms: Vec<_> =
            (100..100 + elsewhere).map(|n| refuse(&mut blame, of(n), &domain(n), now)).collect();
        assert_eq!(alarms.iter().position(halted), Some(elsewhere as usize - 1), "{alarms:?}");
        // There are none: those there are asked on, until several have been.
        let mut blame = refused_here(at_one);
        let several = blame.several() as i64;
        let through = blame.list_is_through(now);
        assert_eq!(halted(&through.alarm), !is_probe);
        let alarms: Vec<_> = (at_one + 1..=several).map(|n| refuse(&mut blame, of(n), HERE, now)).collect();
        assert_eq!(
            alarms.iter().position(halted),
            (several - at_one).checked_sub(1).map(|at| at as usize).filter(|_| is_probe)
        );
        // One of them is taken: it is not us, and those of the domain are undecided until one there is taken too.
        let mut blame = refused_here(at_one);
        let later = now + Duration::from_secs(1);
        assert_eq!(accept(&mut blame, "other.example", later), []);
        assert!(blame.list_is_through(now).alarm.is_none());
        assert_eq!(blame.undecided().len(), at_one as usize);
    }
}

#[test]
fn a_domain_that_refuses_while_others_are_taken_waits_by_itself() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    // Among the others, behind some of them, and before all of them.
    for between in [true, false] {
        let mut blame = Blame::new(false, new());
        let mut alarm = None;
        for n in 0..20 {
            if between || n == 10 {
                assert_eq!(accept(&mut blame, "other.example", later(2 * n)), []);
            }
            alarm = refuse(&mut blame, of(n as i64), HERE, later(2 * n + 1));
            assert!(n == 19 || !matches!(alarm, Some(Alarm::Halt(_) | Alarm::Domain { .. })), "{n}");
        }
        let Some(Alarm::Domain { refused, told: Some(told), .. }) = alarm else { panic!("{alarm:?}") };
        assert_eq!((refused.len(), told.of), (20, Refused::Message));
        assert_eq!(
            told.why,
            "the server refuses 20 messages to readers at example.org: 550 5.7.1 not from you"
        );
    }
    // Fewer than that, at the end of the list: too many for the few who were taken.
    let mut blame = Blame::new(false, new());
    (0..10).for_each(|n| drop(refuse(&mut blame, of(n), HERE, began)));
    accept(&mut blame, "other.example", later(1));
    (10..15).for_each(|n| drop(refuse(&mut blame, of(n), HERE, later(2))));
    let end = blame.at_the_end(None, 3, 0, later(3));
    let [Alarm::Domain { refused, .. }] = &end.domains[..] else { panic!("{end:?}") };
    assert_eq!((refused.len(), end.rest), (15, Rest::Theirs));
    assert!(blame.is_decided());
    // The last of a list, behind all others; and the only ones who are left of an edition that others have got.
    for has_sent in [false, true] {
        let mut blame = Blame::new(false, if has_sent { sent() } else { new() });
        if !has_sent {
            accept(&mut blame, "other.example", began);
        }
        let mut alarms: Vec<_> = (0..10).map(|n| refuse(&mut blame, of(n), HERE, later(1))).collect();
        assert_eq!(alarms[9], Some(Alarm::Others(HERE.to_owned())));
        assert!(blame.list_is_through(later(2)).alarm.is_none());
        alarms.extend((10..20).map(|n| refuse(&mut blame, of(n), HERE, later(3))));
        assert!(alarms[10..19].iter().all(Option::is_none), "{alarms:?}");
        assert!(matches!(alarms[19], Some(Alarm::Domain { .. })), "{alarms:?}");
    }
    // But where all others are at that domain it is us, in whichever run they were taken.
    let here = before(SentTo::One(HERE.to_owned()), 0);
    let mut blame = Blame::new(false, here);
    accept(&mut blame, HERE, began);
    (0..10).for_each(|n| drop(refuse(&mut blame, of(n), HERE, later(1))));
    assert!(matches!(blame.list_is_through(later(2)).alarm, Some(Alarm::Halt(_))));
}

#[test]
fn who_is_refused_again_is_suspected_as_any() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    // A quota: refused in an hour, and in the next again when others have been taken.
    let mut blame = Blame::new(true, sent());
    (0..14).for_each(|n| assert_eq!(accept(&mut blame, &domain(n), later(n as u64)), []));
    let again = |n: i64| Refusal { attempt: 2, ..of(n) };
    let halts = (0..10).position(|n| refuse(&mut blame, again(n), &domain(n), later(20)).is_some());
    assert_eq!(halts, Some(9), "they are in a row");
    assert_eq!(blame.undecided().len(), 10);
    // One who is refused for themselves: somebody else there is taken behind them.
    let mut blame = Blame::new(true, sent());
    accept(&mut blame, HERE, later(1));
    refuse(&mut blame, again(1), HERE, later(2));
    assert_eq!(accept(&mut blame, HERE, later(3)), []);
    assert_eq!(blame.at_the_end(None, 2, 0, later(3)).rest, Rest::Theirs);
    assert_eq!(blame.undecided(), [again(1)]);
}

#[test]
fn refusals_in_a_row_count_whichever_node_and_run_heard_them() {
    let blame = Blame::new(false, sent());
    let at = |count: usize, domain: &str| vec![domain.to_owned(); count];
    let there = Some(InAll::Domain("a.example".to_owned()));
    for (refused, sent, of) in [
        (at(14, "a.example"), 0, there.clone()),
        (at(9, "a.example"), 0, None),
        // A slow answer came in between, and: others are taken.
        (at(14, "a.example"), 14, there.clone()),
        (at(14, "a.example"), 15, None),
        ([at(5, "a.example"), at(5, "b.example")].concat(), 0, Some(InAll::Us)),
        // One that waits by itself, at another node or since an earlier run.
        ([at(26, "a.example"), at(5, "b.example")].concat(), 0, None),
        (at(26, "a.example"), 0, None),
    ] {
        assert_eq!(blame.in_all(&refused, sent), of, "{refused:?} {sent}");
    }
    // What was heard here is the last of that; at one domain it is that, if others are taken elsewhere.
    let elsewhere = SentTo::One("b.example".to_owned());
    let alone = SentTo::One("a.example".to_owned());
    for (in_all, sent_to, waits) in
        [(Some(InAll::Us), &elsewhere, false), (there.clone(), &elsewhere, true), (there, &alone, false)]
    {
        let mut blame = Blame::new(false, before(sent_to.clone(), 0));
        refuse(&mut blame, of(1), "a.example", Instant::now());
        let end = blame.at_the_end(in_all, 20, 1, Instant::now());
        assert_eq!((end.domains.len(), end.rest == Rest::Theirs), (usize::from(waits), waits));
    }
}

#[test]
fn who_is_refused_for_the_first_time_is_asked_again_while_others_are_open() {
    let now = Instant::now();
    for (asked, open, rest) in [
        (Asked::First, 2, Rest::AskedAgain),
        (Asked::First, 1, Rest::Theirs),
        (Asked::Again, 2, Rest::Theirs),
    ] {
        let mut blame = Blame::new(false, sent());
        assert_eq!(blame.refused(of(1), HERE, &no(), (asked, Over::ONE), (DateTime::UNIX_EPOCH, now)), None);
        assert_eq!(blame.at_the_end(None, 10, open, now).rest, rest, "{asked:?} {open}");
    }
}

#[test]
fn whom_a_domain_refuses_wait_as_that_wherever_they_stand() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    // Five and more, behind whom others are taken or not, and one elsewhere who is judged as ever.
    for (at_big, waiting, are_last) in [(12, 12, false), (12, 12, true), (5, 5, false), (4, 0, false)] {
        let mut blame = Blame::new(false, new());
        for n in 0..40 {
            accept(&mut blame, &domain(n % 7), later(4 * n as u64));
            if n < at_big {
                let at = later(4 * n as u64 + 2 + if are_last { 400 } else { 0 });
                assert!(!matches!(refuse(&mut blame, unknown(n), HERE, at), Some(Alarm::Halt(_))));
            }
        }
        refuse(&mut blame, unknown(99), "d9.example", later(800));
        let end = blame.at_the_end(None, 40, 0, later(900));
        let is_big = |one: &&Alarm| {
            matches!(one, Alarm::Domain { domain, refused, .. }
            if domain == HERE && refused.len() == at_big as usize)
        };
        let waits = end.domains.iter().filter(is_big).count();
        assert_eq!((waits, end.rest), (usize::from(waiting > 0), Rest::Theirs));
        assert_eq!(blame.undecided().len(), 1 + at_big as usize - waiting);
    }
}

#[test]
fn a_domain_for_which_less_is_wanted_waits_once_another_is_taken_behind_it() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let words = Reply { code: 450, enhanced: Some((4, 7, 28)), text: "4.7.28 rate limit".to_owned() };
    let slow = vec![("a.example".to_owned(), "450 4.7.28 rate limit".to_owned())];
    let slowed = |blame: &mut Blame, n: i64, domain: &str, at| blame.slowed(of(n), domain, &words, at);
    let mut blame = Blame::new(false, new());
    assert_eq!(slowed(&mut blame, 1, "a.example", later(1)), LessFor::TheDomain);
    assert_eq!(slowed(&mut blame, 2, "a.example", later(1)), LessFor::TheDomain);
    assert_eq!(blame.accepted("b.example", Over::ONE, later(0)).slow, [], "that was begun before");
    assert_eq!(blame.accepted("b.example", Over::ONE, later(2)).slow, slow);
    assert_eq!(slowed(&mut blame, 3, "a.example", later(3)), LessFor::TheDomain, "it was on its way");
    assert!(blame.list_is_through(later(4)).acquitted.is_empty());
    // It comes last, and others were taken before.
    assert_eq!(slowed(&mut blame, 4, "a.example", later(400)), LessFor::TheDomain);
    assert_eq!(blame.list_is_through(later(401)).slow, slow);
    // Another one too: it is us, and those go back.
    let mut blame = Blame::new(false, new());
    assert_eq!(slowed(&mut blame, 1, "a.example", later(1)), LessFor::TheDomain);
    assert_eq!(slowed(&mut blame, 2, "b.example", later(2)), LessFor::All);
    assert_eq!(blame.accepted("c.example", Over::ONE, later(3)).slow, []);
    assert_eq!(blame.list_is_through(later(4)).acquitted, [of(1)]);
    // There is no other: the same.
    let mut blame = Blame::new(false, new());
    blame.accepted("a.example", Over::ONE, later(1));
    assert_eq!(slowed(&mut blame, 1, "a.example", later(2)), LessFor::TheDomain);
    let through = blame.list_is_through(later(3));
    assert_eq!((through.slow, through.acquitted), (vec![], vec![of(1)]));
    assert_eq!(slowed(&mut blame, 1, "a.example", later(4)), LessFor::All);
}

#[test]
fn domains_that_wait_by_themselves_speak_of_nobody_else_when_only_they_are_left() {
    let now = Instant::now();
    let there = ["a.example", "b.example", "c.example"];
    // So many at each, in turn. They were found to wait by an earlier run, or not.
    for (at_each, known, halts) in [(4, true, false), (12, true, false), (4, false, true), (12, false, true)]
    {
        let waiting = there.into_iter().filter(|_| known).map(str::to_owned).collect();
        let mut blame = Blame::new(false, Before { waiting, ..sent() });
        let (mut is_halted, mut waits) = (false, 0);
        for n in 0..3 * at_each {
            let alarm = refuse(&mut blame, of(n), there[n as usize % 3], now);
            is_halted |= matches!(alarm, Some(Alarm::Halt(_)));
        }
        is_halted |= blame.list_is_through(now).alarm.is_some();
        if !is_halted {
            let everybody: Vec<String> = (0..3 * at_each as usize).map(|n| there[n % 3].to_owned()).collect();
            let end = blame.at_the_end(blame.in_all(&everybody, 0), 100, 3 * at_each as u64, now);
            is_halted = end.rest != Rest::Theirs;
            waits = end.domains.len();
        }
        assert_eq!((is_halted, waits), (halts, if halts { 0 } else { 3 }), "{at_each} {known}");
    }
}

#[test]
fn what_a_broken_connection_refused_is_asked_over_another() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    // At so many domains; whether others there are taken over a sound one.
    for (domains, are_taken, broken) in
        [(1, true, true), (1, false, false), (5, true, true), (100, false, true)]
    {
        let mut blame = Blame::new(false, new());
        let (sound, other) = (blame.connected(None), blame.connected(None));
        for n in 0..6 {
            let at = later(4 * n as u64);
            let (here, elsewhere) = (domain(n % domains), domain(if are_taken { n % domains } else { 999 }));
            let when = (DateTime::UNIX_EPOCH, at);
            assert_eq!(blame.refused(unknown(n), &here, &no(), (Asked::First, other), when), None);
            let found = blame.accepted(&elsewhere, sound, at + Duration::from_secs(1));
            assert_eq!(found.own, [], "nobody fails for what only one of them says");
        }
        let refused = blame.refused_by_a_broken(other).map(|(refused, _)| refused).unwrap_or_default();
        assert_eq!(refused.len(), if broken { 6 } else { 0 }, "{domains} {are_taken}");
        assert_eq!(blame.refused_by_a_broken(sound), None);
        assert_eq!(blame.undecided().len(), 6 - refused.len());
    }
}

#[test]
fn a_refusal_is_believed_once_its_own_connection_is_known_to_be_sound() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let refused = |blame: &mut Blame, n, over, at| {
        let when = (DateTime::UNIX_EPOCH, at);
        assert_eq!(blame.refused(unknown(n), HERE, &no(), (Asked::First, over), when), None);
    };
    let mut blame = Blame::new(false, new());
    let (one, other) = (blame.connected(None), blame.connected(None));
    refused(&mut blame, 1, other, later(1));
    assert_eq!(blame.accepted(HERE, one, later(2)).own, [], "that is the word of the others only");
    assert_eq!(blame.accepted("b.example", other, later(3)).own, [unknown(1)]);
    // Or when it has ended, and nothing will be known of it.
    refused(&mut blame, 2, other, later(4));
    assert_eq!(blame.accepted(HERE, one, later(5)).own, []);
    let other = blame.connected(Some(other));
    assert_eq!(blame.accepted("b.example", one, later(6)).own, [unknown(2)]);
    // At the end of the list who was refused by one that has accepted nobody is asked once more.
    refused(&mut blame, 3, other, later(7));
    assert_eq!(blame.list_is_through(later(8)).acquitted, [], "nobody was accepted since");
    blame.accepted("b.example", one, later(9));
    assert_eq!(blame.list_is_through(later(9)).acquitted, [unknown(3)]);
    // Then it is theirs, or waits where others are accepted behind it once more.
    for (is_accepted, own) in [(true, vec![]), (false, vec![unknown(3)])] {
        let another = blame.connected(None);
        let when = (DateTime::UNIX_EPOCH, later(10));
        assert_eq!(blame.refused(unknown(3), HERE, &no(), (Asked::Again, another), when), None);
        if is_accepted {
            blame.accepted("b.example", one, later(11));
        }
        assert_eq!(blame.list_is_through(later(12)).acquitted, []);
        assert_eq!(blame.at_the_end(None, 9, 1, later(12)).rest, Rest::Theirs);
        assert_eq!(blame.undecided(), own);
    }
}

#[test]
fn where_one_connection_was_broken_those_who_were_refused_by_a_new_one_wait() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, new());
    let (sound, broken) = (blame.connected(None), blame.connected(None));
    for n in 0..3 {
        let when = (DateTime::UNIX_EPOCH, later(2 * n));
        blame.refused(unknown(n as i64), &domain(n as i64), &no(), (Asked::First, broken), when);
        blame.accepted(HERE, sound, later(2 * n + 1));
    }
    let (refused, words) = blame.refused_by_a_broken(broken).unwrap();
    assert_eq!((refused.len(), words.as_str()), (3, "550 5.7.1 not from you"));
    // Another one refuses one of them, and a sound one somebody else.
    let new = blame.connected(Some(broken));
    for (n, over) in [(1, new), (7, sound)] {
        blame.refused(unknown(n), &domain(n), &no(), (Asked::Again, over), (DateTime::UNIX_EPOCH, later(10)));
    }
    assert_eq!(blame.at_the_end(None, 9, 2, later(11)).rest, Rest::Theirs);
    assert_eq!(blame.undecided(), [unknown(7)], "the other stays put off");
}

#[test]
fn what_is_refused_last_is_its_own_where_more_were_sent_to() {
    let now = Instant::now();
    for (is_probe, accepts, refused, sent, theirs) in [
        (false, true, 1, 0, true),
        (false, true, 3, 3, true),
        (false, true, 3, 2, false),
        (false, false, 3, 0, false),
        (true, false, 1, 100, false),
        (true, true, 2, 100, true),
        (true, true, 3, 100, false),
    ] {
        let mut blame = Blame::new(is_probe, new());
        if accepts {
            accept(&mut blame, HERE, now);
        }
        for n in 0..refused {
            refuse(&mut blame, of(n), HERE, now);
        }
        assert_eq!(blame.is_theirs(sent), theirs, "{is_probe} {accepts} {refused} {sent}");
    }
}

#[test]
fn what_was_on_the_wire_when_a_server_died_is_one_silence() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, new());
    assert!((0..16).all(|_| blame.unanswered(began, later(1)).is_none()));
    assert_eq!(blame.unanswered(later(2), later(3)), None);
    assert_eq!(blame.unanswered(later(4), later(5)), None);
    assert!(blame.unanswered(later(6), later(7)).is_some(), "and three more");

    let mut answering = Blame::new(false, new());
    for hour in 0..9 {
        let at = 3_600 * hour;
        assert_eq!(answering.unanswered(later(at), later(at + 1)), None);
        accept(&mut answering, HERE, later(at));
    }
    assert!(Blame::new(true, new()).unanswered(began, later(1)).is_some(), "one is enough after a halt");
}

#[test]
fn an_address_is_unknown_once_somebody_at_its_domain_is_accepted_behind_it() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, new());
    assert_eq!(accept(&mut blame, "a.example", began), []);
    refuse(&mut blame, unknown(1), "a.example", later(1));
    refuse(&mut blame, unknown(2), "b.example", later(1));
    assert_eq!(accept(&mut blame, "c.example", later(2)), [], "that says nothing of them");
    assert_eq!(accept(&mut blame, "a.example", later(3)), [unknown(1)]);
    assert!(blame.is_theirs(3), "few of the list are left");
    assert_eq!(blame.undecided(), [unknown(2)]);
    assert!(blame.is_decided());
}

#[test]
fn a_stale_list_is_struck_off_and_one_of_which_nearly_nobody_is_known_is_not() {
    // Of so many in ten the server knows nobody: how many fail, and whether the run halts.
    for (stale, failed, halts) in [(2, 200, false), (5, 500, false), (7, 700, false), (9, 0, true)] {
        let began = Instant::now();
        let mut blame = Blame::new(false, new());
        let (mut own, mut halted) = (0, false);
        for reader in 0..1_000 {
            let at = began + Duration::from_secs(2 * reader);
            let domain = format!("d{}.example", reader / 10 % 40);
            if reader % 10 < 10 - stale {
                own += accept(&mut blame, &domain, at).len();
            } else if let Some(alarm) = refuse(&mut blame, unknown(reader as i64), &domain, at) {
                assert!(
                    matches!(&alarm, Alarm::Halt(why) if why.contains("of the last 50 messages")),
                    "{alarm:?}"
                );
                halted = true;
                break;
            }
        }
        let mut waiting = 0;
        if !halted {
            let end = blame.at_the_end(None, 1_000 - 100 * stale, 0, began);
            waiting = end.domains.len() * stale as usize;
            assert_eq!(end.rest, Rest::Theirs);
            own += blame.undecided().len();
        }
        // The last of each domain are five and more where half are stale.
        assert_eq!((own + waiting, waiting > 0, halted), (failed, stale > 4 && !halts, halts), "{stale}");
    }
}

#[test]
fn who_is_unknown_at_one_domain_speaks_of_that_where_others_are_taken() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    for has_sent in [true, false] {
        let mut blame = Blame::new(false, if has_sent { sent() } else { new() });
        let alarms: Vec<Option<Alarm>> =
            (0..20).map(|reader| refuse(&mut blame, unknown(reader), HERE, later(1))).collect();
        let first = alarms.iter().position(Option::is_some);
        assert_eq!((first, &alarms[9]), (Some(9), &Some(Alarm::Others(HERE.to_owned()))));
        if !has_sent {
            assert_eq!(alarms[19], None, "nobody was taken: it may be us");
            continue;
        }
        let Some(Alarm::Domain { domain, refused: waiting, told }) = &alarms[19] else {
            panic!("{alarms:?}")
        };
        assert_eq!((domain.as_str(), waiting.len()), (HERE, 20));
        let told = told.as_ref().unwrap();
        assert!(told.of == Refused::Address && told.why.contains("not know 20 readers at example.org: 550"));
        assert!(blame.is_decided(), "all of them are put off");
        // Those that were on their way follow them without a word; half an hour later it begins anew.
        let late = refuse(&mut blame, unknown(20), HERE, later(2));
        let unknown_too = vec![unknown(20)];
        assert_eq!(late, Some(Alarm::Domain { domain: HERE.to_owned(), refused: unknown_too, told: None }));
        assert_eq!(refuse(&mut blame, unknown(21), HERE, later(1_802)), None);
    }
}

#[test]
fn one_who_is_asked_again_is_one() {
    let began = Instant::now();
    let mut blame = Blame::new(false, sent());
    for asked in 0..30 {
        let at = began + Duration::from_secs(60 * asked);
        let again = Refusal { attempt: asked as u32, ..unknown(1) };
        assert_eq!(refuse(&mut blame, again, HERE, at), None);
    }
    assert_eq!(blame.undecided().len(), 1);
}

#[test]
fn unknown_addresses_at_domains_of_their_own_are_not_kept_in_mind_without_end() {
    let began = Instant::now();
    let mut blame = Blame::new(false, new());
    let mut own = 0;
    for reader in 0..20_000 {
        let at = began + Duration::from_secs(2 * reader);
        own += accept(&mut blame, HERE, at).len();
        let domain = format!("d{reader}.example");
        assert_eq!(refuse(&mut blame, unknown(reader as i64), &domain, at), None);
        assert!(blame.held_count <= HELD + 1);
    }
    own += blame.undecided().len();
    assert_eq!(own, 20_000);
}

/// What became of readers of whom each third, seventh or so is dead, where each message has a connection of its own and
/// one in so many of those leads to a broken server; 0 for none.
struct OneAConnection {
    struck_off: HashSet<i64>,
    asked: HashMap<i64, u32>,
    sent: u64,
    blame: Blame,
}

impl OneAConnection {
    fn send(readers: i64, is_dead: impl Fn(i64) -> bool, one_in: u64) -> Self {
        Self::send_refusing(readers, is_dead, one_in, unknown)
    }

    fn send_refusing(
        readers: i64,
        is_dead: impl Fn(i64) -> bool,
        one_in: u64,
        refusal: fn(i64) -> Refusal,
    ) -> Self {
        let mut blame = Blame::new(false, new());
        let (mut struck_off, mut asked, mut sent) = (HashSet::new(), HashMap::new(), 0);
        let (mut over, mut now, mut dice) = (None, Instant::now(), 1_u64);
        let mut queue: VecDeque<i64> = (0..readers).collect();
        let (mut again, mut back, mut turns) = (VecDeque::new(), Vec::new(), 0);
        loop {
            let has_turn = turns > 0 && !queue.is_empty();
            let next = if has_turn { again.pop_front() } else { None };
            turns -= i32::from(next.is_some());
            let Some(reader) = next.or_else(|| queue.pop_front()).or_else(|| again.pop_front()) else {
                let through = blame.list_is_through(now);
                assert_eq!(through.alarm, None);
                if through.acquitted.is_empty() {
                    break;
                }
                queue.extend(through.acquitted.iter().map(|one| one.subscriber.0));
                continue;
            };
            let this = blame.connected(over);
            over = Some(this);
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let is_broken = one_in > 0 && (dice >> 33).is_multiple_of(one_in);
            let (begun, domain) = (now + Duration::from_secs(1), domain(reader % 5));
            now += Duration::from_secs(2);
            let before: &mut u32 = asked.entry(reader).or_default();
            *before += 1;
            if is_broken || is_dead(reader) {
                let asked = if *before > 1 { Asked::Again } else { Asked::First };
                let alarm = blame.refused(
                    refusal(reader),
                    &domain,
                    &no(),
                    (asked, this),
                    (DateTime::UNIX_EPOCH, now),
                );
                assert_eq!((alarm, blame.refused_by_a_broken(this)), (None, None));
            } else {
                (sent, turns) = (sent + 1, turns + 1);
                blame.taken(SubscriberId(reader));
                let found = blame.accepted(&domain, this, begun);
                struck_off.extend(found.own.iter().map(|one| one.subscriber.0));
                back.extend(found.anew.iter().map(|one| one.subscriber.0));
            }
            again.extend(back.drain(..));
        }
        let end = blame.at_the_end(None, sent, 0, now);
        assert_eq!((end.domains, end.rest), (vec![], Rest::Theirs));
        struck_off.extend(blame.undecided().iter().map(|one| one.subscriber.0));
        OneAConnection { struck_off, asked, sent, blame }
    }
}

#[test]
fn where_each_message_has_its_connection_a_broken_server_strikes_nobody_off() {
    for one_in in [3, 4, 8] {
        for stale in [7, 50] {
            let is_dead = |reader: i64| reader % stale == 3;
            let done = OneAConnection::send(2_000, is_dead, one_in);
            let living = done.struck_off.iter().filter(|reader| !is_dead(**reader)).count();
            assert_eq!(living, 0, "{one_in} {stale}: {:?}", done.struck_off);
            // Who is refused twice waits; the others have it.
            let alive = (0..2_000).filter(|reader| !is_dead(*reader)).count() as u64;
            let twice = alive / one_in / one_in;
            assert!(done.sent >= alive - 2 * twice, "{one_in} {stale}: {} of {alive}", done.sent);
            assert!(done.asked.values().all(|count| *count <= 2), "{:?}", done.asked);
            assert!(done.blame.broken().is_some(), "it is told");
        }
    }
}

#[test]
fn whoever_is_asked_anew_and_refused_is_one_refusal_among_the_last() {
    // A fifth is refused: that would be a third if each counted twice, and us.
    let is_refused = |reader: i64| reader % 5 == reader / 5 % 5;
    let done = OneAConnection::send_refusing(1_000, is_refused, 0, of);
    assert_eq!(done.struck_off.len(), 200);
}

#[test]
fn where_each_message_has_its_connection_the_dead_are_struck_off_and_asked_twice_at_most() {
    for stale in [2, 3, 7, 50] {
        let is_dead = |reader: i64| reader % stale == 1;
        let done = OneAConnection::send(2_000, is_dead, 0);
        let dead: HashSet<i64> = (0..2_000).filter(|reader| is_dead(*reader)).collect();
        assert_eq!(done.struck_off, dead, "{stale}");
        assert!(done.asked.iter().all(|(reader, count)| *count <= 1 + u32::from(is_dead(*reader))));
        assert_eq!(done.blame.broken(), None);
        assert!(done.blame.connections.ended() <= 2 * HELD + 1);
    }
}

#[test]
fn a_connection_that_turns_bad_is_left_and_strikes_nobody_off() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    for refused in [2, 4, 10] {
        let mut blame = Blame::new(false, new());
        let (sound, other) = (blame.connected(None), blame.connected(None));
        blame.accepted(HERE, other, later(1));
        for n in 0..refused {
            let (at, when) = (later(2 * n as u64 + 2), DateTime::UNIX_EPOCH);
            assert_eq!(blame.refused_by_a_broken(other), None, "{n}: a list is stale in places");
            let alarm = blame.refused(unknown(n), &domain(n), &no(), (Asked::First, other), (when, at));
            assert_eq!(alarm, None);
            let found = blame.accepted(&domain(n), sound, at + Duration::from_secs(1));
            assert_eq!((found.own, found.anew), (vec![], vec![]));
        }
        let is_broken = blame.refused_by_a_broken(other).map(|(refused, _)| refused.len());
        assert_eq!(is_broken, (refused == 10).then_some(10));
        if is_broken.is_some() {
            assert_eq!(blame.broken(), Some((10, "550 5.7.1 not from you")));
            continue;
        }
        // It ends before it is known: one or two are what a list has, and more are asked anew.
        blame.connected(Some(other));
        let found = blame.accepted("elsewhere.example", sound, later(90));
        let (own, anew) = if refused == 2 { (2, 0) } else { (0, 4) };
        assert_eq!((found.own.len(), found.anew.len()), (own, anew));
        assert_eq!(blame.broken(), None);
    }
}

#[test]
fn whom_one_connection_refuses_where_others_are_taken_are_no_domain_that_waits() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, sent());
    let (sound, other) = (blame.connected(None), blame.connected(None));
    blame.accepted(HERE, other, later(1));
    for n in 0..40 {
        let (at, when) = (later(2 * n as u64 + 2), DateTime::UNIX_EPOCH);
        let alarm = blame.refused(unknown(n), HERE, &no(), (Asked::First, other), (when, at));
        assert_eq!(alarm, None, "{n}: others there are taken");
        assert_eq!(blame.accepted(HERE, sound, at + Duration::from_secs(1)).own, []);
    }
}

#[test]
fn what_is_kept_in_mind_no_longer_is_not_believed_of_a_connection_that_turned_bad() {
    let began = Instant::now();
    let mut blame = Blame::new(false, new());
    let (sound, other) = (blame.connected(None), blame.connected(None));
    blame.accepted(HERE, other, began);
    for n in 0..HELD as i64 + 9 {
        let at = began + Duration::from_secs(2 * n as u64 + 1);
        let when = (DateTime::UNIX_EPOCH, at);
        assert_eq!(blame.refused(unknown(n), &domain(n), &no(), (Asked::First, other), when), None);
        assert_eq!(blame.accepted(HERE, sound, at + Duration::from_secs(1)).own, [], "{n}");
    }
    assert!(blame.undecided().len() < 9, "they stay put off");
}

#[test]
fn nobody_is_told_of_a_broken_connection_of_whose_refusals_something_else_was_found_out() {
    let began = Instant::now();
    let later = |seconds| began + Duration::from_secs(seconds);
    let mut blame = Blame::new(false, new());
    let (sound, broken) = (blame.connected(None), blame.connected(None));
    let refused = |blame: &mut Blame, n, over, at| {
        blame.refused(of(n), HERE, &no(), (Asked::First, over), (DateTime::UNIX_EPOCH, later(at)))
    };
    blame.accepted("other.example", sound, later(0));
    refused(&mut blame, 0, broken, 1);
    assert_eq!(blame.accepted(HERE, sound, later(2)).own, []);
    refused(&mut blame, 1, broken, 3);
    assert_eq!(blame.accepted(HERE, sound, later(4)).own, []);
    refused(&mut blame, 2, broken, 5);
    assert_eq!(blame.accepted(HERE, sound, later(6)).own, []);
    // Then everybody there is refused over the sound one, and the domain waits with all of them.
    let alarms: Vec<_> = (10..40).map(|n| refused(&mut blame, n, sound, 7 + n as u64)).collect();
    assert!(alarms.iter().any(|alarm| matches!(alarm, Some(Alarm::Domain { .. }))), "{alarms:?}");
    assert!(matches!(refused(&mut blame, 3, broken, 90), Some(Alarm::Domain { told: None, .. })));
    assert_eq!(blame.refused_by_a_broken(broken), Some((vec![], "550 5.7.1 not from you".to_owned())));
    assert_eq!(blame.broken(), None, "there is nobody to tell of");
}
