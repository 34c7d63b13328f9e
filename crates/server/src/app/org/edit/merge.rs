//! The three-way merge of documents: what two people made of the same version becomes one, section
//! by section. A section is a field; the elements of a list whose elements have names are sections
//! of their own. What both changed in different ways is a conflict, which shows both and loses
//! neither.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The most differences that are told of one change.
pub const DIFFERENCES_MAX: usize = 100;

/// A section that two people changed in different ways. What is absent is null.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Which: `layers(weekly).rotation.participants`; empty for the document as a whole.
    pub path: String,
    /// What both began with.
    pub base: Value,
    /// What is to be saved.
    pub mine: Value,
    /// What was saved in the meantime.
    pub theirs: Value,
}

/// A section that differs between two versions. What is absent is null.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Which: `layers(weekly).rotation.participants`.
    pub path: String,
    /// What it was.
    pub before: Value,
    /// What it became.
    pub after: Value,
}

/// Puts together what became of `base` in two places. In a conflict the merged document has `mine`.
pub fn merge(base: &Value, mine: &Value, theirs: &Value) -> (Value, Vec<Conflict>) {
    let mut conflicts = Vec::new();
    let merged = section("", Some(base), Some(mine), Some(theirs), &mut conflicts);
    (merged.unwrap_or(Value::Null), conflicts)
}

/// What changed from one version to another, at most [`DIFFERENCES_MAX`] sections.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    differ("", Some(before), Some(after), &mut found);
    found.truncate(DIFFERENCES_MAX);
    found
}

fn section(
    path: &str,
    base: Option<&Value>,
    mine: Option<&Value>,
    theirs: Option<&Value>,
    conflicts: &mut Vec<Conflict>,
) -> Option<Value> {
    if mine == theirs || base == theirs {
        return mine.cloned();
    }
    if base == mine {
        return theirs.cloned();
    }
    if let (Some(Value::Object(mine)), Some(Value::Object(theirs))) = (mine, theirs) {
        let nothing = Map::new();
        let base = base.and_then(Value::as_object).unwrap_or(&nothing);
        let names = mine.keys().chain(theirs.keys().filter(|name| !mine.contains_key(*name)));
        let fields = names.filter_map(|name| {
            let path = field(path, name);
            let merged =
                section(&path, base.get(name), mine.get(name), theirs.get(name), conflicts)?;
            Some((name.clone(), merged))
        });
        return Some(Value::Object(fields.collect()));
    }
    if let (Some(mine), Some(theirs)) = (mine.and_then(named), theirs.and_then(named)) {
        let base = base.map_or_else(|| Some(Vec::new()), named);
        if let Some(base) = base {
            return Some(list(path, &base, &mine, &theirs, conflicts));
        }
    }
    conflicts.push(Conflict {
        path: path.to_owned(),
        base: base.cloned().unwrap_or_default(),
        mine: mine.cloned().unwrap_or_default(),
        theirs: theirs.cloned().unwrap_or_default(),
    });
    mine.cloned()
}

/// The elements of a list by name, where every one of them has a name of its own.
fn named(value: &Value) -> Option<Vec<(&str, &Value)>> {
    let elements = value.as_array()?;
    let names = elements.iter().map(|element| Some((element.get("name")?.as_str()?, element)));
    let named: Vec<_> = names.collect::<Option<_>>()?;
    let distinct: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
    (distinct.len() == named.len()).then_some(named)
}

type Named<'a> = [(&'a str, &'a Value)];

fn list(
    path: &str,
    base: &Named<'_>,
    mine: &Named<'_>,
    theirs: &Named<'_>,
    conflicts: &mut Vec<Conflict>,
) -> Value {
    let at = |list: &Named<'_>, name: &str| {
        list.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).clone())
    };
    let order = sequence(path, base, mine, theirs, conflicts);
    let elements = order.into_iter().filter_map(|name| {
        let (base, mine, theirs) = (at(base, name), at(mine, name), at(theirs, name));
        let path = format!("{path}({name})");
        section(&path, base.as_ref(), mine.as_ref(), theirs.as_ref(), conflicts)
    });
    Value::Array(elements.collect())
}

/// The names of both in one order. Whoever moved elements decides; where both did, differently,
/// that is a conflict of the list.
fn sequence<'a>(
    path: &str,
    base: &Named<'a>,
    mine: &Named<'a>,
    theirs: &Named<'a>,
    conflicts: &mut Vec<Conflict>,
) -> Vec<&'a str> {
    let common = |list: &Named<'a>, other: &Named<'_>| -> Vec<&'a str> {
        let is_common = |name: &&str| other.iter().any(|(known, _)| known == name);
        list.iter().map(|(name, _)| *name).filter(is_common).collect()
    };
    let moved = |list: &Named<'a>| common(list, base) != common(base, list);
    let (lead, follow) = if moved(mine) { (mine, theirs) } else { (theirs, mine) };
    if moved(mine) && moved(theirs) && common(mine, theirs) != common(theirs, mine) {
        let names = |list: &Named<'_>| list.iter().map(|(name, _)| Value::from(*name)).collect();
        let (base, mine, theirs) = (names(base), names(mine), names(theirs));
        conflicts.push(Conflict { path: format!("{path} (order)"), base, mine, theirs });
    }
    let mut order: Vec<&str> = lead.iter().map(|(name, _)| *name).collect();
    let mut place = 0;
    for (name, _) in follow {
        match order.iter().position(|known| known == name) {
            Some(at) => place = at + 1,
            None => {
                order.insert(place, name);
                place += 1;
            }
        }
    }
    order
}

fn differ(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after || found.len() >= DIFFERENCES_MAX {
        return;
    }
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
        let names = after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)));
        for name in names {
            differ(&field(path, name), before.get(name), after.get(name), found);
        }
        return;
    }
    if let (Some(before), Some(after)) = (before.and_then(named), after.and_then(named)) {
        let at = |list: &[(&str, &Value)], name: &str| {
            list.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).clone())
        };
        let gone = before.iter().filter(|(name, _)| at(&after, name).is_none());
        let count = found.len();
        for (name, _) in after.iter().chain(gone) {
            let (before, after) = (at(&before, name), at(&after, name));
            differ(&format!("{path}({name})"), before.as_ref(), after.as_ref(), found);
        }
        if found.len() == count {
            let names =
                |list: &[(&str, &Value)]| list.iter().map(|(name, _)| Value::from(*name)).collect();
            let (before, after) = (names(&before), names(&after));
            found.push(Difference { path: format!("{path} (order)"), before, after });
        }
        return;
    }
    found.push(Difference {
        path: path.to_owned(),
        before: before.cloned().unwrap_or_default(),
        after: after.cloned().unwrap_or_default(),
    });
}

fn field(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rota() -> Value {
        json!({
            "name": "rota", "timezone": "Europe/Berlin",
            "layers": [
                { "name": "days", "rotation": { "every": "1d", "participants": ["ana", "bo"] } },
                { "name": "nights", "rotation": { "every": "1d", "participants": ["cy"] } },
            ],
        })
    }

    fn with(change: impl FnOnce(&mut Value)) -> Value {
        let mut value = rota();
        change(&mut value);
        value
    }

    #[test]
    fn changes_of_different_sections_are_both_kept() {
        let mine = with(|rota| rota["timezone"] = json!("UTC"));
        let theirs =
            with(|rota| rota["layers"][1]["rotation"]["participants"] = json!(["cy", "dee"]));
        let (merged, conflicts) = merge(&rota(), &mine, &theirs);
        assert_eq!(conflicts, []);
        assert_eq!(merged["timezone"], "UTC");
        assert_eq!(merged["layers"][1]["rotation"]["participants"], json!(["cy", "dee"]));
        assert_eq!(merge(&rota(), &theirs, &mine), (merged, vec![]), "and in either order");
    }

    #[test]
    fn one_section_changed_by_both_is_a_conflict_that_shows_both() {
        let people =
            |names: Value| with(|rota| rota["layers"][0]["rotation"]["participants"] = names);
        let (mine, theirs) = (people(json!(["ana", "cy"])), people(json!(["bo", "ana"])));
        let (merged, conflicts) = merge(&rota(), &mine, &theirs);
        assert_eq!(merged, mine);
        assert_eq!(
            conflicts,
            [Conflict {
                path: "layers(days).rotation.participants".to_owned(),
                base: json!(["ana", "bo"]),
                mine: json!(["ana", "cy"]),
                theirs: json!(["bo", "ana"]),
            }]
        );
        assert_eq!(merge(&rota(), &mine, &mine), (mine.clone(), vec![]), "the same change twice");
    }

    #[test]
    fn layers_added_by_both_stand_where_each_put_them() {
        let layer = |name: &str| json!({ "name": name });
        let mine = with(|rota| rota["layers"].as_array_mut().unwrap().push(layer("mine")));
        let theirs = with(|rota| rota["layers"].as_array_mut().unwrap().insert(1, layer("theirs")));
        let (merged, conflicts) = merge(&rota(), &mine, &theirs);
        assert_eq!(conflicts, []);
        let names: Vec<_> =
            merged["layers"].as_array().unwrap().iter().map(|layer| &layer["name"]).collect();
        assert_eq!(names, ["days", "theirs", "nights", "mine"]);
    }

    #[test]
    fn a_layer_removed_by_one_and_changed_by_the_other_is_a_conflict() {
        let mine = with(|rota| drop(rota["layers"].as_array_mut().unwrap().remove(0)));
        let theirs = with(|rota| rota["layers"][0]["rotation"]["every"] = json!("2d"));
        let (_, conflicts) = merge(&rota(), &mine, &theirs);
        let paths: Vec<_> = conflicts.iter().map(|conflict| conflict.path.as_str()).collect();
        assert_eq!(paths, ["layers(days)"]);
        assert_eq!(conflicts[0].mine, Value::Null);
        let untouched = with(|rota| rota["timezone"] = json!("UTC"));
        let (merged, conflicts) = merge(&rota(), &mine, &untouched);
        assert_eq!((merged["layers"].as_array().unwrap().len(), conflicts.len()), (1, 0));
    }

    #[test]
    fn one_order_wins_over_no_change_and_two_orders_are_a_conflict() {
        let swapped = with(|rota| rota["layers"].as_array_mut().unwrap().swap(0, 1));
        let zone = with(|rota| rota["timezone"] = json!("UTC"));
        for (mine, theirs) in [(&swapped, &zone), (&zone, &swapped)] {
            let (merged, conflicts) = merge(&rota(), mine, theirs);
            assert_eq!((&merged["layers"][0]["name"], conflicts.len()), (&json!("nights"), 0));
        }
        let three = |order: [&str; 3]| {
            let layers: Vec<_> = order.iter().map(|name| json!({ "name": name })).collect();
            json!({ "layers": layers })
        };
        let (base, mine, theirs) =
            (three(["a", "b", "c"]), three(["b", "a", "c"]), three(["a", "c", "b"]));
        let (merged, conflicts) = merge(&base, &mine, &theirs);
        assert_eq!((merged, conflicts.len()), (mine, 1));
        assert_eq!(conflicts[0].path, "layers (order)");
    }

    #[test]
    fn differences_name_the_smallest_section_and_both_values() {
        let after = with(|rota| {
            rota["layers"][0]["rotation"]["every"] = json!("1w");
            rota["layers"].as_array_mut().unwrap().remove(1);
        });
        let found = differences(&rota(), &after);
        let paths: Vec<_> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["layers(days).rotation.every", "layers(nights)"]);
        assert_eq!((&found[0].before, &found[0].after), (&json!("1d"), &json!("1w")));
        assert_eq!(found[1].after, Value::Null);
        let swapped = with(|rota| rota["layers"].as_array_mut().unwrap().swap(0, 1));
        assert_eq!(differences(&rota(), &swapped)[0].path, "layers (order)");
        assert_eq!(differences(&rota(), &rota()), []);
    }
}
