use super::*;

#[test]
fn wishes_have_usual_values_and_take_numbers_only() {
    let usual = Wishes::read(|_| None).unwrap();
    assert!(usual.pairs >= 200);
    let asked = Wishes::read(|name| (name == "MESSAGES").then(|| " 1000000 ".to_owned())).unwrap();
    assert_eq!(
        asked,
        Wishes {
            messages: 1_000_000,
            ..usual
        }
    );
    for wrong in ["0", "-1", "many", "1.5"] {
        let read = Wishes::read(|name| (name == "PAIRS").then(|| wrong.to_owned()));
        assert!(read.unwrap_err().to_string().contains("PAIRS"), "{wrong}");
    }
}
