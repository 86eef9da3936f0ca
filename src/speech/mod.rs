//! stub
#[derive(Debug)]
pub struct Speakable;
impl Speakable {
    pub fn new(_l: &str) -> Self {
        Self
    }
    pub fn push(&mut self, d: &str, o: &mut String) {
        o.push_str(d)
    }
    pub fn finish(&mut self, _o: &mut String) {}
}
