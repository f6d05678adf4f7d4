use super::*;

#[test]
fn every_word_comes_back() {
    for word in ["registered", "starting", "running", "degraded", "stopped", "failed", "unknown"] {
        assert_eq!(Status::parse(word).name(), word);
    }
    assert_eq!(Status::parse("flying"), Status::Unknown);
}
