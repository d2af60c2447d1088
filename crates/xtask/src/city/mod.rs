//! City packages.
pub(crate) fn run(_check: bool) -> anyhow::Result<()> {
    Ok(())
}
