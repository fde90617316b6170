//! stub
use crate::model::*;
#[derive(Clone)]
pub struct Fetcher;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct FetchSetupError;
impl Fetcher {
    pub fn new(_: FetchLimits, _: &str, _: Option<&str>) -> Result<Self, FetchSetupError> {
        Ok(Self)
    }
    pub async fn fetch(&self, _s: &Source, _v: &Validators) -> (Retrieved, ()) {
        unimplemented!()
    }
}
