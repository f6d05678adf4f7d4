use super::*;
use crate::settings::problem::Log;
use crate::settings::tree;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Text(String),
    List(Vec<u32>),
    Map(std::collections::BTreeMap<String, f64>),
}

#[test]
fn the_type_decides_what_a_scalar_means() {
    let mut log = Log::new(vec!["t"]);
    let node = tree::read(0, "[7, 1.10, yes, 18446744073709551615, 0.5]", &mut log).unwrap();
    let value: (u32, String, bool, u64, f64) = Deserialize::deserialize(NodeDe(&node)).unwrap();
    assert_eq!(value, (7, "1.10".to_owned(), true, u64::MAX, 0.5));
    assert!(<Vec<u32>>::deserialize(NodeDe(&node)).is_err());
}

#[test]
fn the_shape_decides_the_variant_and_places_survive() {
    let mut log = Log::new(vec!["t"]);
    let node = tree::read(0, "- a\n- [1, 2]\n- {x: 1}\n", &mut log).unwrap();
    let value: Vec<Spanned<Shape>> = Deserialize::deserialize(NodeDe(&node)).unwrap();
    let [text, list, map] = value.as_slice() else { panic!("{value:?}") };
    assert_eq!(text.value, Shape::Text("a".to_owned()));
    assert_eq!(list.value, Shape::List(vec![1, 2]));
    assert_eq!(map.value, Shape::Map([("x".to_owned(), 1.0)].into()));
    assert_eq!(text.mark, Mark { file: 0, line: 1, column: 3 });
    assert_eq!((list.mark.line, list.mark.column), (2, 3));
}
