//! `faregate charge`: what riders owe is collected, said, compared and written for the bank.

use std::path::{Path, PathBuf};
use std::process::Command;

use provider_sim::{Faults, Server, Sim};
use serde_json::{Value, json};
use settlement::ids::account_of_text;

use crate::lists::now;
use crate::settle::settle;
use crate::support::{HEADER, failure, faregate, json, text, write_city};

/// A city whose riders have travelled, its books, and a provider over HTTP.
struct City {
    folder: tempfile::TempDir,
    /// Where the provider runs.
    _runtime: tokio::runtime::Runtime,
    bank: Server,
}

impl City {
    /// In 2019, long over: ann owes ¥3, bob forgot to tap off and owes ¥9, cat owes ¥1.50.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_city(&folder.path().join("city"));
        let taps = [
            "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1",
            "2,ann,2019-01-07T08:20:00+08:00,off,c,,g3",
            "3,bob,2019-01-07T09:00:00+08:00,on,b,,g2",
            "4,cat,2019-01-07T09:30:00+08:00,on,q,b7,v7",
        ];
        let taps = format!("{HEADER}{}\n", taps.join("\n"));
        std::fs::write(folder.path().join("taps.csv"), taps).unwrap();
        let settled = json(&mut settle(folder.path(), "taps.csv", "books.db"));
        assert_eq!(settled["charged_minor"], 300 + 900 + 150, "{settled:#}");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bank = Server::start(Sim::new(1, Faults::NONE, now()));
        let bank = runtime.block_on(bank).unwrap();
        std::fs::write(folder.path().join("key"), "sk_test_1\n").unwrap();
        let city = Self {
            folder,
            _runtime: runtime,
            bank,
        };
        city.write_config();
        city
    }

    /// Who has not said how they pay pays from what was paid ahead.
    fn write_config(&self) {
        let config = format!(
            "[unsaid]\nprovider = \"wallet\"\nwindow = \"day\"\n\
             [[provider]]\nname = \"wallet\"\nkind = \"prepaid\"\n\
             [[provider]]\nname = \"card\"\nkind = \"stripe\"\nurl = \"{}\"\n\
             secret_key = {{ file = \"{}\" }}\n\
             [[provider]]\nname = \"bank\"\nkind = \"invoice\"\n",
            self.bank.url(),
            self.path("key").display(),
        );
        std::fs::write(self.path("charging.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `faregate charge WHAT …`.
    fn charge(&self, arguments: &[&str]) -> Command {
        let mut command = faregate();
        command.arg("charge").args(arguments).arg("--json");
        command.arg("--city").arg(self.path("city"));
        command.arg("--db").arg(self.path("books.db"));
        command.arg("--charging").arg(self.path("charging.toml"));
        command
    }

    fn says(&self, arguments: &[&str]) -> Value {
        json(&mut self.charge(arguments))
    }

    /// ann by card, bob by a mandate; cat says nothing.
    fn profiles(&self) {
        let ann = account_of_text("ann").to_string();
        let card = ["--provider", "card", "--customer", "cus_ann"];
        self.says(&[&["profile", &ann][..], &card].concat());
        let bob = account_of_text("bob").to_string();
        let mandate = [
            "--provider",
            "bank",
            "--mandate",
            "M-1",
            "--signed",
            "2019-01-01",
            "--name",
            "Bob",
            "--iban",
            "DE89370400440532013000",
        ];
        self.says(&[&["profile", &bob][..], &mandate].concat());
    }

    fn reconcile(&self, file: &str, csv: &str) -> (bool, Value) {
        std::fs::write(self.path(file), csv).unwrap();
        let path = self.path(file);
        let mut command = self.charge(&["reconcile", "--provider", "card"]);
        let output = command.arg(&path).output().unwrap();
        let said = serde_json::from_slice(&output.stdout);
        let said = said.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        (output.status.success(), said)
    }

    fn invoice(&self, number: &str, out: &Path) -> Command {
        let mut command = self.charge(&["invoice", "--provider", "bank", "--format", "csv"]);
        command.args(["--collect-on", "2019-02-01", "--number", number]);
        command.arg("--out").arg(out);
        command
    }
}

#[test]
fn a_turn_collects_once_and_status_says_who_paid_and_who_owes() {
    let city = City::new();
    city.profiles();
    let first = city.says(&["run"]);
    let expected = json!({
        "planned": 3, "refused": 0, "payments": 3, "requests": 3, "unavailable": 0,
        "unpostable": 0, "woken": 0, "denied": 0, "allowed": 0,
    });
    assert_eq!(first, expected);
    // cat owes, and has no phone whose code could be denied.
    let again = city.says(&["run"]);
    assert_eq!(
        (&again["planned"], &again["requests"], &again["denied"]),
        (&json!(0), &json!(0), &json!(0)),
        "{again:#}"
    );
    let status = city.says(&["status"]);
    assert_eq!(
        (&status["denied"], &status["currency"]),
        (&json!(0), &json!("CNY"))
    );
    let sums = |name: &str| {
        let row = &status["providers"][name];
        ["paid", "collected_minor", "expected_minor", "overdue_minor"].map(|key| row[key].clone())
    };
    assert_eq!(sums("card"), [1, 300, 0, 0].map(Value::from), "{status:#}");
    assert_eq!(sums("bank"), [0, 0, 900, 0].map(Value::from), "{status:#}");
    assert_eq!(
        sums("wallet"),
        [0, 0, 0, 150].map(Value::from),
        "{status:#}"
    );
    let movements = city.bank.sim().settlement_file().csv;
    assert_eq!(movements.lines().count(), 2, "one collection: {movements}");
}

/// The token of somebody new on the staff, as a file.
fn add_staff(city: &City, name: &str, role: &str) -> PathBuf {
    let mut command = faregate();
    command.args(["staff", "add", name, "--role", role, "--json", "--db"]);
    let added = json(command.arg(city.path("books.db")));
    let path = city.path(&format!("{name}.txt"));
    std::fs::write(&path, added["token"].as_str().unwrap()).unwrap();
    path
}

#[test]
fn a_debt_is_given_up_by_two_persons() {
    let city = City::new();
    city.says(&["run"]);
    let (anna, bert) = (
        add_staff(&city, "anna", "approver"),
        add_staff(&city, "bert", "approver"),
    );
    let write_off = |words: &[&str], token: Option<&Path>| {
        let mut command = faregate();
        command.arg("write-off").args(words).arg("--json");
        command.arg("--db").arg(city.path("books.db"));
        if let Some(token) = token {
            command.arg("--token-file").arg(token);
        }
        command
    };
    // Nobody paid ahead: all three owe.
    let debts = json(&mut write_off(&["debts"], None));
    let debts = debts["debts"].as_array().unwrap();
    let cat = account_of_text("cat").to_string();
    let of_cat = debts.iter().find(|debt| debt["account"] == cat.as_str());
    let of_cat = of_cat.unwrap();
    assert_eq!((debts.len(), &of_cat["open_minor"]), (3, &json!(150)));
    let payment = of_cat["payment"].as_str().unwrap();
    let propose = |minor: &str| {
        let about = ["propose", "--payment", payment, "--reason", "uncollectable"];
        write_off(
            &[&about[..], &["--amount-minor", minor]].concat(),
            Some(&anna),
        )
    };
    let said = failure(&mut propose("151"));
    assert!(
        said.contains("at most CNY 1.50 can be written off"),
        "{said}"
    );
    let proposed = json(&mut propose("150"));
    let id = proposed["write_off"].as_str().unwrap();
    let said = failure(&mut write_off(&["approve", id], Some(&anna)));
    assert!(said.contains("another person has to"), "{said}");
    let mut as_refund = faregate();
    as_refund.args(["refund", "approve", id, "--db"]);
    as_refund.arg(city.path("books.db")).arg("--token-file");
    let said = failure(as_refund.arg(&bert));
    assert!(said.contains("there is no refund"), "{said}");
    let approved = json(&mut write_off(&["approve", id], Some(&bert)));
    assert_eq!(approved["state"], "approved");
    let listed = json(&mut write_off(&["list"], None));
    assert_eq!(listed["write_offs"], json!([approved]));
    // The next turn looks it up once more and collects nothing.
    let turn = city.says(&["run"]);
    assert_eq!(
        (&turn["payments"], &turn["requests"]),
        (&json!(1), &json!(0))
    );
    let wallet = &city.says(&["status"])["providers"]["wallet"];
    assert_eq!(wallet["overdue_minor"], 1_200, "{wallet:#}");
    assert_eq!(wallet["written_off_minor"], 150);
    let mut check = faregate();
    check
        .args(["ledger", "check", "--json", "--city"])
        .arg(city.path("city"));
    json(check.arg("--db").arg(city.path("books.db")));
    // The rider's statement says who gave up what, and that nothing is owed.
    let mut statement = faregate();
    statement.args([
        "statement",
        "--account",
        "cat",
        "--period",
        "2019-01-01..2199-12-31",
        "--json",
    ]);
    statement.arg("--city").arg(city.path("city"));
    let told = json(statement.arg("--db").arg(city.path("books.db")));
    assert_eq!(
        (&told["balance_minor"], &told["payments"][0]["kind"]),
        (&json!(0), &json!("write-off"))
    );
    let because = told["payments"][0]["because"].as_str().unwrap();
    assert!(
        because.ends_with("proposed by staff:anna, approved by staff:bert."),
        "{because}"
    );
}

#[test]
fn a_settlement_file_agrees_or_names_the_payment_and_wakes_it() {
    let city = City::new();
    city.profiles();
    city.says(&["run"]);
    let csv = city.bank.sim().settlement_file().csv;
    let equal = json!({ "lines": 1, "payments": 1, "differences": [], "woken": 0 });
    assert_eq!(city.reconcile("good.csv", &csv), (true, equal));
    // A yuan more than was collected.
    let wrong = csv.replace(",300,", ",400,");
    assert_ne!(wrong, csv);
    let (agrees, said) = city.reconcile("wrong.csv", &wrong);
    assert!(!agrees, "{said:#}");
    assert_eq!(
        (&said["lines"], &said["woken"]),
        (&json!(1), &json!(1)),
        "{said:#}"
    );
    let told = said["differences"][0].as_str().unwrap();
    assert!(told.contains("the sums differ"), "{told}");
    assert_eq!(city.says(&["status"])["waiting"], 1);
    // What it looks up is what was there: nothing is posted for a file's word.
    let looked = city.says(&["run"]);
    assert_eq!(
        (&looked["payments"], &looked["requests"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        city.says(&["status"])["providers"]["card"]["collected_minor"],
        300
    );
    // An empty file lacks it.
    let names = csv.lines().next().unwrap();
    let (agrees, said) = city.reconcile("empty.csv", &format!("{names}\n"));
    assert!(!agrees, "{said:#}");
    let told = said["differences"][0].as_str().unwrap();
    assert!(
        told.contains("the ledger has it, the file has not"),
        "{told}"
    );
}

#[test]
fn an_invoice_is_in_one_file_and_is_paid_by_the_banks_word() {
    let city = City::new();
    city.profiles();
    city.says(&["run"]);
    let (first, same) = (city.path("first.csv"), city.path("same.csv"));
    let wrote = json(&mut city.invoice("2019-1", &first));
    assert_eq!(wrote, json!({ "number": "2019-1", "invoices": 1 }));
    json(&mut city.invoice("2019-1", &same));
    let file = std::fs::read_to_string(&first).unwrap();
    assert_eq!(file, std::fs::read_to_string(&same).unwrap());
    let said = failure(&mut city.invoice("2019-2", &city.path("none.csv")));
    assert!(said.contains("nothing to write"), "{said}");
    assert!(!city.path("none.csv").exists());
    let row: Vec<&str> = file.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(
        row[3..],
        ["9.00", "CNY", "M-1", "Bob", "DE89370400440532013000"]
    );
    let word = format!("reference,word,code\n{},paid,\n", row[0]);
    std::fs::write(city.path("bank.csv"), word).unwrap();
    for _ in 0..2 {
        let mut command = city.charge(&["statement"]);
        let read = json(command.arg(city.path("bank.csv")));
        assert_eq!(read, json!({ "invoices": 1, "strangers": [] }));
        city.says(&["run"]);
        let status = city.says(&["status"]);
        let bank = &status["providers"]["bank"];
        assert_eq!(
            (
                &bank["paid"],
                &bank["collected_minor"],
                &bank["expected_minor"]
            ),
            (&json!(1), &json!(900), &json!(0)),
            "{status:#}"
        );
    }
}

#[test]
fn money_paid_ahead_counts_once_and_pays() {
    let city = City::new();
    let dan = account_of_text("dan").to_string();
    let till = ["--provider", "wallet", "--through", "till-3"];
    let receipt = ["--minor", "1000", "--reference", "R-1"];
    let arguments = [&["top-up", &dan][..], &till, &receipt].concat();
    assert_eq!(
        city.says(&arguments),
        json!({ "new": true, "balance_minor": 1000 })
    );
    assert_eq!(
        city.says(&arguments),
        json!({ "new": false, "balance_minor": 1000 })
    );
    let cat = account_of_text("cat").to_string();
    let receipt = ["--minor", "200", "--reference", "R-2"];
    city.says(&[&["top-up", &cat][..], &till, &receipt].concat());
    // ann and bob have paid nothing ahead: both owe.
    let run = city.says(&["run"]);
    assert_eq!(
        (&run["planned"], &run["requests"]),
        (&json!(3), &json!(3)),
        "{run:#}"
    );
    let status = city.says(&["status"]);
    let wallet = &status["providers"]["wallet"];
    assert_eq!(
        (&wallet["collected_minor"], &wallet["overdue_minor"]),
        (&json!(150), &json!(1_200)),
        "{status:#}"
    );
    let receipt = ["--minor", "50", "--reference", "R-3"];
    let left = city.says(&[&["top-up", &cat][..], &till, &receipt].concat());
    assert_eq!(left["balance_minor"], 200 - 150 + 50);
}
