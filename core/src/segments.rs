//! Values by path segment: [`Segments`].

/// Values by path segment. A lookup searches by halves among hashes, so it looks at the text of
/// one segment; it allocates nothing.
#[derive(Clone)]
pub(crate) struct Segments<T>(Vec<Segment<T>>);

#[derive(Clone)]
struct Segment<T> {
    hash: u64,
    text: Box<[u8]>,
    value: T,
}

impl<T> Default for Segments<T> {
    fn default() -> Segments<T> {
        Segments(Vec::new())
    }
}

impl<T> Segments<T> {
    pub(crate) fn get(&self, text: &[u8]) -> Option<&T> {
        let place = self.place(hash(text), text).ok()?;
        Some(&self.0[place].value)
    }

    /// The value of `text`, made where it is missing.
    pub(crate) fn get_or_default(&mut self, text: &[u8]) -> &mut T
    where
        T: Default,
    {
        let hash = hash(text);
        let place = self.place(hash, text).unwrap_or_else(|place| {
            let segment = Segment {
                hash,
                text: text.into(),
                value: T::default(),
            };
            self.0.insert(place, segment);
            place
        });
        &mut self.0[place].value
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In no order that means something.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &T)> {
        self.0
            .iter()
            .map(|segment| (&*segment.text, &segment.value))
    }

    fn place(&self, hash: u64, text: &[u8]) -> Result<usize, usize> {
        self.0
            .binary_search_by(|there| there.hash.cmp(&hash).then_with(|| (*there.text).cmp(text)))
    }
}

/// FNV-1a. The texts are those of an app's own table, so nobody can choose them to collide; what a
/// client sends is only looked up.
fn hash(text: &[u8]) -> u64 {
    text.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
