//! What a reader may ask for: a pause, another address, their data, to be forgotten.

use chrono::TimeDelta;
use straight::message::Purpose;
use straight::store::Origin;
use straight::subscriber::{NewSubscriber, Status, SubscriberId};

use super::{Harbour, add, edition, link, now};

#[tokio::test]
async fn a_pause_keeps_editions_away_until_its_day() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    add(&harbour.store, "bo@example.org").await;
    harbour.post_form(&path, "name=Ann&timezone=&pause=2026-03-10").await.assert_page(200, "What you get");
    assert!(harbour.get(&path).await.text().contains("value=\"2026-03-10\""));
    let recipients = async |key: &str, at: &str| {
        let mut edition = edition(key, "High water");
        edition.frozen_at = at.parse().unwrap();
        harbour.publish(&edition).await;
        harbour.store.edition(&key.parse().unwrap()).await.unwrap().unwrap().summary.recipients
    };
    assert_eq!(recipients("2026-03-03", "2026-03-03T07:00:00Z").await, 1);
    assert_eq!(recipients("2026-03-09", "2026-03-09T23:59:59Z").await, 1);
    assert_eq!(recipients("2026-03-10", "2026-03-10T07:00:00Z").await, 2);
    for (pause, why) in
        [("2026-03-02", "not in the future"), ("2028-01-01", "a year at most"), ("soon", "This is no day")]
    {
        let answer = harbour.post_form(&path, &format!("name=Ann&timezone=&pause={pause}")).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.text().contains(why) && answer.text().contains("pause-error"),
            "{pause}: {}",
            answer.text()
        );
    }
    harbour.post_form(&path, "name=Ann&timezone=&pause=").await.assert_page(200, "What you get");
    assert_eq!(recipients("2026-03-04", "2026-03-04T07:00:00Z").await, 2);
}

#[tokio::test]
async fn a_new_address_is_taken_once_its_owner_says_so_and_the_old_one_hears_of_it() {
    let harbour = Harbour::open().await;
    let path = format!("{}/address", harbour.preferences_link());
    let wrong = harbour.post_form(&path, "email=nobody").await;
    assert!(wrong.status == 422 && wrong.text().contains("email-error"), "{}", wrong.text());
    harbour.post_form(&path, "email=new%40example.org").await.assert_page(200, "Please look into your mail");
    let letters = harbour.letters("new@example.org").await;
    assert_eq!(letters[0].written.subject, "Is this your new address? Tide & Time");
    let yes = link(&letters[0], "/address/");
    let before = harbour.disk();
    harbour.get(&yes).await.assert_page(200, "Your mail at this address");
    assert_eq!(harbour.disk(), before);
    assert_eq!(harbour.ann().await.email.as_str(), "ann@example.org");
    harbour.post_form(&yes, "yes=yes").await.assert_page(200, "Your mail comes to the new address");
    assert_eq!(harbour.ann().await.email.as_str(), "new@example.org");
    let told = harbour.letters("ann@example.org").await;
    assert_eq!(told[0].written.subject, "Your new address: Tide & Time");
    assert!(
        told[0].written.text.contains("n…@example.org") && !told[0].written.text.contains("new@example.org")
    );
    harbour.post_form(&yes, "yes=yes").await.assert_page(200, "Your mail comes to the new address");
    assert_eq!(harbour.letters("ann@example.org").await.len(), 1);
    // The operator's list still has the old address.
    let old = NewSubscriber {
        email: "ann@example.org".parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Active,
        since: None,
    };
    let report = harbour.store.import(&[old], Origin::File, now()).await.unwrap();
    assert_eq!((report.new, report.suppressed), (0, 1));
}

/// Whoever is sent on one of Ann's mails has the link to her page.
#[tokio::test]
async fn a_mail_that_is_passed_on_gives_nothing_away_and_the_old_address_takes_a_move_back() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let path = harbour.preferences_link();
    let secret = "name=Ann&email=ann%40example.org&text=What+only+Ann+said";
    harbour.post_form("/articles/tide-2026-03-02/comments", secret).await;
    harbour.post_form(&format!("{path}/address"), "email=thief%40example.net").await;
    let yes = link(&harbour.letters("thief@example.net").await[0], "/address/");
    harbour.post_form(&yes, "yes=yes").await.assert_page(200, "Your mail comes to the new address");

    let letters = harbour.letters("thief@example.net").await.len();
    let thirteen_days = now() + TimeDelta::days(13);
    for time in [now(), thirteen_days] {
        harbour.at(time);
        let page = harbour.get(&path).await;
        assert!(page.text().contains(">17 March 2026</span> on your data"), "{}", page.text());
        assert!(!page.text().contains("/data\"") && !page.text().contains("/erase\""), "{}", page.text());
        harbour.get(&format!("{path}/erase")).await.assert_page(200, "Your address has changed lately");
        for wish in ["data", "erase"] {
            let page = harbour.post_form(&format!("{path}/{wish}"), "yes=yes").await;
            page.assert_page(409, "Your address has changed lately");
        }
        assert_eq!(harbour.letters("thief@example.net").await.len(), letters, "nothing is sent there");
    }
    // Who leaves meets the same.
    harbour.post_form(&harbour.unsubscribe_link(), "leave=yes").await;
    let page = harbour.get(&path).await;
    assert!(page.text().contains(">17 March 2026</span> on") && !page.text().contains("/data\""));

    let told = harbour.letters("ann@example.org").await.remove(0);
    assert!(told.written.text.contains("This works until 15 March 2026."), "{}", told.written.text);
    let put_back = link(&told, "/put-back/");
    assert!(told.written.html.as_ref().unwrap().contains(&put_back));
    let before = harbour.disk();
    let page = harbour.get(&put_back).await;
    page.assert_page(200, "Was it not you?");
    assert!(page.text().contains("a…@example.org") && !page.text().contains("thief"), "{}", page.text());
    assert_eq!(harbour.disk(), before, "looking changes nothing");
    let foreign = "Origin: https://other.example\r\nSec-Fetch-Site: cross-site\r\n";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(harbour.send(&put_back, foreign, form, "yes=yes").await.status, 403);
    for _ in 0..2 {
        harbour.post_form(&put_back, "yes=yes").await.assert_page(200, "Your mail comes to you again");
    }
    harbour.get(&put_back).await.assert_page(200, "Your mail comes to you again");
    let ann = harbour.ann().await;
    assert_eq!((ann.email.as_str(), ann.status), ("ann@example.org", Status::Active));

    // The link in the mail is what it was, and moves nobody for now; her data is hers.
    let page = harbour.post_form(&format!("{path}/address"), "email=thief%40example.net").await;
    page.assert_page(409, "Your address stays for now");
    assert!(page.text().contains("From 30 March 2026 on"), "{}", page.text());
    harbour.post_form(&format!("{path}/data"), "yes=yes").await.assert_page(200, "Your data is on its way");
    let (_, json) = harbour.letters("ann@example.org").await.pop().unwrap().written.attachment.unwrap();
    assert!(json.contains("What only Ann said"), "{json}");
}

#[tokio::test]
async fn a_move_that_nobody_takes_back_holds_after_its_days() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    harbour.post_form(&format!("{path}/address"), "email=new%40example.org").await;
    let yes = link(&harbour.letters("new@example.org").await[0], "/address/");
    harbour.post_form(&yes, "yes=yes").await;
    let put_back = link(&harbour.letters("ann@example.org").await[0], "/put-back/");
    // Not another move of the same number, of a database that was restored since.
    let number = harbour.store.last_move(harbour.ann).await.unwrap().unwrap().id.0;
    let other = harbour.keys.issue_until(Purpose::PutBack, number, now() + TimeDelta::days(20));
    let page = harbour.post_form(&format!("/put-back/{other}"), "yes=yes").await;
    page.assert_page(410, "This link does not work any more");

    harbour.at(now() + TimeDelta::days(14));
    harbour.post_form(&put_back, "yes=yes").await.assert_page(410, "This link does not work any more");
    assert_eq!(harbour.ann().await.email.as_str(), "new@example.org");
    harbour.post_form(&format!("{path}/data"), "yes=yes").await.assert_page(200, "Your data is on its way");
    harbour.post_form(&format!("{path}/erase"), "yes=yes").await.assert_page(200, "Everything is erased");
    let rows = harbour.dump().await;
    assert!(!rows.contains("ann@example.org") && !rows.contains("new@example.org"), "{rows}");
}

#[tokio::test]
async fn a_masked_address_is_of_one_piece_wherever_a_reader_meets_it() {
    let harbour = Harbour::open().await;
    let wishes = harbour.preferences_link();
    let mut pages = vec![
        ("a", harbour.get(&harbour.unsubscribe_link()).await),
        ("a", harbour.get(&wishes).await),
        ("a", harbour.post_form(&format!("{wishes}/data"), "yes=yes").await),
        ("a", harbour.get(&format!("{wishes}/erase")).await),
    ];
    harbour.post_form("/subscribe", "email=bo%40example.org").await;
    let confirm = link(&harbour.letters("bo@example.org").await[0], "/confirm/");
    harbour.post_form(&format!("{wishes}/address"), "email=new%40example.org").await;
    let change = link(&harbour.letters("new@example.org").await[0], "/address/");
    for (first, path) in [("b", confirm), ("n", change)] {
        pages.push((first, harbour.get(&path).await));
        pages.push((first, harbour.post_form(&path, "yes=yes").await));
    }
    for (first, page) in pages {
        let (page, masked) = (page.text(), format!("{first}…@example.org"));
        // Lines do not break in it, and in a sentence from right to left it stays from left to right.
        let whole = format!("<span class=\"address\" dir=\"ltr\">{masked}</span>");
        let (met, of_one_piece) = (page.matches('…').count(), page.matches(&whole).count());
        assert!(met > 0 && met == of_one_piece, "{masked} in {page}");
        assert!(!page.contains("{address}") && !page.contains("{name}"), "{page}");
    }
    let sheet = harbour.get("/style.css").await;
    assert!(sheet.text().contains(".address { display: inline-block; max-width: 100%;"), "{}", sheet.text());
    let told = harbour.letters("ann@example.org").await.pop().unwrap().written.html.unwrap();
    assert!(
        told.contains(
            "<span class=\"address\" dir=\"ltr\" style=\"display:inline-block;max-width:100%\">n…@example.org</span>"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn nobody_takes_over_the_address_of_another_reader() {
    let harbour = Harbour::open().await;
    let bo = add(&harbour.store, "bo@example.org").await;
    let path = format!("{}/address", harbour.preferences_link());
    harbour.post_form(&path, "email=bo%40example.org").await.assert_page(200, "Please look into your mail");
    let yes = link(&harbour.letters("bo@example.org").await[0], "/address/");
    harbour.post_form(&yes, "yes=yes").await.assert_page(200, "This address is subscribed already");
    assert_eq!(harbour.ann().await.email.as_str(), "ann@example.org");
    assert_eq!(harbour.store.subscriber(bo).await.unwrap().unwrap().email.as_str(), "bo@example.org");
    // Another who is angry gets nothing.
    harbour.post_form(&path, "email=cy%40example.org").await;
    let cy = NewSubscriber {
        email: "cy@example.org".parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Complained,
        since: None,
    };
    harbour.store.import(&[cy], Origin::File, now()).await.unwrap();
    assert!(harbour.letters("cy@example.org").await.is_empty());
}

#[tokio::test]
async fn the_data_goes_to_the_address_on_record_and_never_to_a_page() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let path = format!("{}/data", harbour.preferences_link());
    let page = harbour.post_form(&path, "yes=yes").await;
    page.assert_page(200, "Your data is on its way");
    assert!(!page.text().contains("ann@example.org"), "{}", page.text());
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "Your data is on its way");
    let letters = harbour.letters("ann@example.org").await;
    assert_eq!(letters.len(), 1, "one a day");
    let (name, json) = letters[0].written.attachment.clone().unwrap();
    assert_eq!(name, "your-data.json");
    let known: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&known["email"], &known["name"]), (&"ann@example.org".into(), &"Ann".into()));
    assert_eq!(known["editions"][0]["what"], "2026-03-02");
    assert_eq!(harbour.get(&path).await.status, 405);
}

#[tokio::test]
async fn who_is_erased_leaves_a_number_and_a_digest_that_keeps_imports_out() {
    let harbour = Harbour::open().await;
    add(&harbour.store, "bo@example.org").await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    harbour.post_form("/subscribe", "email=ann%40example.org").await;
    harbour.letters("ann@example.org").await;
    let path = format!("{}/erase", harbour.preferences_link());
    let before = harbour.disk();
    harbour.get(&path).await.assert_page(200, "Erase me");
    assert_eq!(harbour.disk(), before);
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "Everything is erased");
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "Everything is erased");
    assert_eq!(harbour.store.subscriber(harbour.ann).await.unwrap(), None);
    assert_eq!(harbour.status("ann@example.org").await, None);
    assert!(harbour.letters("ann@example.org").await.is_empty());
    for link in [harbour.preferences_link(), harbour.unsubscribe_link()] {
        let page = harbour.get(&link).await;
        assert!(page.status == 200 && !page.text().contains("@"), "{}", page.text());
    }
    // What went out still adds up, and a number is nobody's.
    let id = harbour.store.editions(None, 1).await.unwrap()[0].id;
    assert_eq!(harbour.store.counts(id).await.unwrap().total(), 2);
    let left = harbour.store.subscribers(SubscriberId(0), Some(Status::Active), 9).await.unwrap();
    assert_eq!(left.iter().map(|reader| reader.email.as_str()).collect::<Vec<_>>(), ["bo@example.org"]);
    // No byte of the address is left in any table.
    let rows = harbour.dump().await;
    assert!(!rows.contains("ann@example.org"), "{rows}");
}

#[tokio::test]
async fn an_import_does_not_bring_back_who_was_erased_and_their_own_sign_up_does() {
    let harbour = Harbour::open().await;
    harbour.store.erase(harbour.ann, &harbour.keys, now()).await.unwrap();
    for origin in [Origin::File, Origin::Operator] {
        let ann = NewSubscriber {
            email: "Ann@Example.org".parse().unwrap(),
            name: None,
            timezone: None,
            status: Status::Active,
            since: None,
        };
        let report = harbour.store.import(&[ann], origin, now()).await.unwrap();
        assert_eq!((report.new, report.suppressed), (0, 1));
    }
    harbour.at(now() + TimeDelta::days(2));
    harbour.post_form("/subscribe", "email=ann%40example.org").await;
    let yes = link(&harbour.letters("ann@example.org").await[0], "/confirm/");
    harbour.post_form(&yes, "yes=yes").await.assert_page(200, "You are subscribed");
    assert_eq!(harbour.status("ann@example.org").await, Some(Status::Active));
    assert!(!harbour.store.is_erased(&"ann@example.org".parse().unwrap(), now()).await.unwrap());
}

#[tokio::test]
async fn a_letter_of_goodbye_has_a_way_back_where_it_is_wanted() {
    for (settings, letters) in [("", 0), ("sign_up: {goodbye_letter: true}", 1)] {
        let harbour = Harbour::with(settings).await;
        for _ in 0..2 {
            let page = harbour.post_form(&harbour.unsubscribe_link(), "leave=yes").await;
            assert!(page.text().contains("/subscribe"), "{}", page.text());
        }
        let got = harbour.letters("ann@example.org").await;
        assert_eq!(got.len(), letters);
        for letter in got {
            assert_eq!(letter.written.subject, "Goodbye from Tide & Time");
            link(&letter, "/subscribe");
        }
    }
}

#[tokio::test]
async fn a_link_of_one_who_was_forgotten_is_nobody_else_s() {
    let harbour = Harbour::with("comments: {moderators: [desk@example.org]}").await;
    let edition = edition("2026-03-02", "High water");
    harbour.publish(&edition).await;
    let ask = async |address: &str| {
        harbour.post_form("/subscribe", &format!("email={}", address.replace('@', "%40"))).await;
        link(&harbour.letters(address).await[0], "/confirm/")
    };
    let old = ask("bo@example.org").await;
    harbour.post_form(&old, "yes=yes").await.assert_page(200, "You are subscribed");
    let bo = harbour.store.by_email(&"bo@example.org".parse().unwrap()).await.unwrap().unwrap();
    harbour.store.erase(bo.id, &harbour.keys, now()).await.unwrap();
    ask("victim@example.org").await;
    let page = harbour.post_form(&old, "yes=yes").await;
    page.assert_page(410, "This link has ended");
    assert!(page.text().contains("for as long as what was asked for was kept"), "{}", page.text());
    assert_eq!(harbour.status("victim@example.org").await, Some(Status::Pending));
    // Nor is one of the same number from a database that was restored since.
    for number in 1..=4 {
        let other = now() + TimeDelta::hours(3);
        for purpose in [Purpose::Confirm, Purpose::NewAddress] {
            let token = harbour.keys.issue_until(purpose, number, other);
            let path = if purpose == Purpose::Confirm { "confirm" } else { "address" };
            let page = harbour.post_form(&format!("/{path}/{token}"), "yes=yes").await;
            assert_eq!(page.status, 410, "{}", page.text());
        }
    }
    assert_eq!(harbour.status("victim@example.org").await, Some(Status::Pending));
}

#[tokio::test]
async fn a_link_of_before_a_restored_backup_opens_nothing_of_whoever_has_the_number_since() {
    let harbour = Harbour::open().await;
    let subscribe = async |harbour: &Harbour, address: &str| {
        harbour.post_form("/subscribe", &format!("email={}", address.replace('@', "%40"))).await;
        let yes = link(&harbour.letters(address).await[0], "/confirm/");
        harbour.post_form(&yes, "yes=yes").await.assert_page(200, "You are subscribed");
        harbour.store.by_email(&address.parse().unwrap()).await.unwrap().unwrap().id
    };
    let backup = harbour.backup().await;
    let lost = subscribe(&harbour, "lost@example.org").await;
    let welcome = harbour.letters("lost@example.org").await.pop().unwrap();
    let (wishes, leave) = (link(&welcome, "/preferences/"), link(&welcome, "/unsubscribe/"));
    let harbour = harbour.restored(&backup).await;

    // Before anybody has the number again there is nothing to see either.
    harbour.get(&wishes).await.assert_page(200, "You are not subscribed");
    let victim = subscribe(&harbour, "victim@example.org").await;
    assert_eq!(victim, lost, "numbers come back with a backup");
    let before = harbour.store.subscriber(victim).await.unwrap().unwrap();
    let letters = harbour.letters("victim@example.org").await;

    let page = harbour.get(&wishes).await;
    page.assert_page(200, "You are not subscribed");
    assert!(!page.text().contains("@example.org") && !page.text().contains(&wishes), "{}", page.text());
    for (form, fields) in [
        ("", "name=Pwned&timezone=&pause=2026-04-01"),
        ("/address", "email=mallory%40example.org"),
        ("/data", "yes=yes"),
        ("/erase", "yes=yes"),
    ] {
        let page = harbour.post_form(&format!("{wishes}{form}"), fields).await;
        page.assert_page(409, "You are not subscribed");
        assert!(!page.text().contains("@example.org") && !page.text().contains(&wishes), "{}", page.text());
    }
    let erase = harbour.get(&format!("{wishes}/erase")).await;
    erase.assert_page(200, "You are not subscribed");
    // Leaving says goodbye, as to anybody who is in the store no more.
    let asked = harbour.get(&leave).await;
    assert!(asked.status == 200 && !asked.text().contains("@example.org"), "{}", asked.text());
    harbour.post_form(&leave, "leave=yes").await.assert_page(200, "You are unsubscribed");
    harbour.post_form(&leave, "List-Unsubscribe=One-Click").await;

    assert_eq!(harbour.store.subscriber(victim).await.unwrap().unwrap(), before);
    assert_eq!(harbour.store.paused_until(victim).await.unwrap(), None);
    assert_eq!(harbour.letters("victim@example.org").await, letters);
    assert!(harbour.letters("mallory@example.org").await.is_empty());
    // Their own links are theirs.
    let own = link(letters.last().unwrap(), "/preferences/");
    harbour.get(&own).await.assert_page(200, "What you get");
}
