//! Words that packed columns name by number: stops, routes, devices, currencies, sentences.
//!
//! A city has some thousands of them and uses each millions of times. A word gets its number in a
//! transaction of its own, committed before anything refers to it; numbers never change, so every
//! process may remember them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use settlement::model::UnknownValue;
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgRow};

use crate::pack::{Vocabulary, corrupt};
use crate::store::backend;

/// Words remembered by a process, some 20 MB; beyond it all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 100_000;

const SELECT_BY_NAME: &str = "SELECT name_id, name FROM names WHERE name = ANY($1)";
const SELECT_BY_NUMBER: &str = "SELECT name_id, name FROM names WHERE name_id = ANY($1)";
/// In the order of the words, so that two processes that add the same ones wait in one direction.
const INSERT: &str =
    "INSERT INTO names (name) SELECT unnest($1::bytea[]) ON CONFLICT (name) DO NOTHING";

/// The numbers of some words.
#[expect(clippy::disallowed_types, reason = "looked up in, never gone through")]
pub(crate) type Numbers = std::collections::HashMap<Vec<u8>, i64>;

/// The words of some numbers.
pub(crate) type Words = BTreeMap<i64, Arc<[u8]>>;

/// The table `names`, remembered.
#[derive(Debug)]
pub(crate) struct Names {
    pool: PgPool,
    known: Mutex<(Numbers, Words)>,
}

impl Names {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            known: Mutex::default(),
        }
    }

    /// The numbers of the words of a vocabulary, in their order, made where there are none.
    pub(crate) async fn of(&self, vocabulary: &Vocabulary) -> Result<Vec<u64>, StoreError> {
        let words = vocabulary.words().iter().map(|word| word.to_vec());
        let numbers = self.numbers(words.collect()).await?;
        in_order(&numbers, vocabulary)
    }

    /// The numbers of `words`, made where there are none.
    pub(crate) async fn numbers(&self, words: BTreeSet<Vec<u8>>) -> Result<Numbers, StoreError> {
        let failed = backend("number names");
        let mut found = Numbers::new();
        let mut missing = Vec::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for word in words {
                match known.0.get(&word) {
                    Some(number) => drop(found.insert(word, *number)),
                    None => missing.push(word),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let mut rows = self.select(SELECT_BY_NAME, &missing).await?;
        if rows.len() < missing.len() {
            let there: BTreeSet<Vec<u8>> = rows.iter().map(|row| row.1.clone()).collect();
            let new: Vec<Vec<u8>> = missing
                .iter()
                .filter(|word| !there.contains(*word))
                .cloned()
                .collect();
            let inserted = sqlx::query(INSERT).bind(new).execute(&self.pool).await;
            inserted.map_err(&failed)?;
            rows = self.select(SELECT_BY_NAME, &missing).await?;
        }
        self.remember(&rows);
        found.extend(rows.into_iter().map(|(number, word)| (word, number)));
        Ok(found)
    }

    /// The words of `numbers`.
    pub(crate) async fn words(&self, numbers: BTreeSet<i64>) -> Result<Words, StoreError> {
        let mut found = Words::new();
        let mut missing = Vec::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for number in numbers {
                match known.1.get(&number) {
                    Some(word) => drop(found.insert(number, Arc::clone(word))),
                    None => missing.push(number),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let query = sqlx::query(SELECT_BY_NUMBER).bind(&missing);
        let rows = query.fetch_all(&self.pool).await;
        let rows = read(&rows.map_err(backend("read names"))?)?;
        if rows.len() < missing.len() {
            return Err(StoreError::corrupt(
                "names.name_id",
                UnknownValue {
                    expected: "a number of a name",
                    got: format!("{missing:?}"),
                },
            ));
        }
        self.remember(&rows);
        let words = rows.into_iter();
        found.extend(words.map(|(number, word)| (number, Arc::from(word))));
        Ok(found)
    }

    async fn select(
        &self,
        sql: &'static str,
        words: &[Vec<u8>],
    ) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let rows = sqlx::query(sql).bind(words).fetch_all(&self.pool).await;
        read(&rows.map_err(backend("number names"))?)
    }

    fn remember(&self, rows: &[(i64, Vec<u8>)]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.len() > REMEMBERED_MAX {
            *known = Default::default();
        }
        for (number, word) in rows {
            known.0.insert(word.clone(), *number);
            known.1.insert(*number, Arc::from(word.as_slice()));
        }
    }
}

/// The numbers of the words of a vocabulary, in their order.
pub(crate) fn in_order(numbers: &Numbers, vocabulary: &Vocabulary) -> Result<Vec<u64>, StoreError> {
    let number = |word: &Arc<[u8]>| {
        let number = numbers.get(word.as_ref()).copied();
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| corrupt("a numbered name", &String::from_utf8_lossy(word)))
    };
    vocabulary.words().iter().map(number).collect()
}

fn read(rows: &[PgRow]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let failed = backend("read names");
    let pair = |row: &PgRow| {
        let number = row.try_get("name_id").map_err(&failed)?;
        Ok((number, row.try_get("name").map_err(&failed)?))
    };
    rows.iter().map(pair).collect()
}
