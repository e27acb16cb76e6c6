//! Whatever design is written, as a file or as a link, reads back as the same design.

use format::json;
use format::link::{self, Shared};

#[test]
fn random_designs_survive_file_and_link() {
    testing::cases(200, 200).check(|design, _| {
        assert_eq!(json::read(&json::write(design)).as_ref(), Ok(design));
        let shared = Shared {
            design: design.clone(),
            view: None,
        };
        assert_eq!(link::decode(&link::encode(&shared)), Ok(shared));
    });
}
