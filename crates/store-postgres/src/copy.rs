//! Rows for `COPY ... FROM STDIN (FORMAT binary)`: half the server's work of an `INSERT` of as many
//! rows. The format is that of PostgreSQL's manual, "COPY", "Binary Format".

use sqlx::Error;
use sqlx::postgres::PgConnection;

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The type of text (`pg_type.oid`), of which arrays of texts consist.
const TEXT: i32 = 25;

/// Rows of so many columns each, written one after the other.
pub(crate) struct Rows {
    columns: i16,
    bytes: Vec<u8>,
}

impl Rows {
    pub(crate) fn new(columns: i16) -> Self {
        Self {
            columns,
            bytes: HEADER.to_vec(),
        }
    }

    /// Begins the next row; its columns follow, in order.
    pub(crate) fn row(&mut self) {
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn small(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn int(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn big(&mut self, value: i64) {
        self.bytes(&value.to_be_bytes());
    }

    /// An array of texts, or null where there are none.
    pub(crate) fn texts_or_null(&mut self, texts: &[&str]) {
        if texts.is_empty() {
            self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
            return;
        }
        let within: usize = texts.iter().map(|text| 4 + text.len()).sum();
        self.length(20 + within);
        // One dimension, no nulls, the elements' type, how many, numbered from 1.
        for number in [1, 0, TEXT] {
            self.bytes.extend_from_slice(&number.to_be_bytes());
        }
        self.length(texts.len());
        self.bytes.extend_from_slice(&1_i32.to_be_bytes());
        for text in texts {
            self.bytes(text.as_bytes());
        }
    }

    fn length(&mut self, length: usize) {
        // What has no number here is far beyond the server's 1 GB: it refuses the row.
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }

    /// Sends the rows; they are there when the transaction of `conn` commits.
    pub(crate) async fn send(
        mut self,
        conn: &mut PgConnection,
        statement: &'static str,
    ) -> Result<(), Error> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        let mut copy = conn.copy_in_raw(statement).await?;
        if let Err(error) = copy.send(self.bytes).await {
            copy.abort("the connection failed").await?;
            return Err(error);
        }
        copy.finish().await?;
        Ok(())
    }
}
