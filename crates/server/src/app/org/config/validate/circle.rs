//! Circles: nobody is their own manager's manager, no policy takes over from itself in the end, and
//! no service depends on itself.

use std::collections::{BTreeMap, BTreeSet};

use muster_store::org::document::Kind;

use super::super::problem::Path;
use super::Whole;

pub fn check(whole: &Whole<'_>) {
    let users = whole.documents.users.iter().flatten().enumerate();
    let chain: Vec<Vertex<'_>> = users
        .map(|(at, user)| Vertex {
            name: &user.name,
            path: whole.path(Kind::User, at, &user.name).field("reports_to"),
            next: user.reports_to.iter().map(String::as_str).collect(),
        })
        .collect();
    for (path, circle) in circles(&chain) {
        let message = format!("the management chain is a circle: {}", circle.join(" -> "));
        whole.note(Kind::User, path, message);
    }

    let policies = whole.documents.escalation_policies.iter().flatten().enumerate();
    let sets: Vec<Vertex<'_>> = policies
        .map(|(at, policy)| Vertex {
            name: &policy.name,
            path: whole.path(Kind::EscalationPolicy, at, &policy.name).field("second_set"),
            next: policy.second_set.iter().map(|set| set.escalation_policy.as_str()).collect(),
        })
        .collect();
    for (path, circle) in circles(&sets) {
        let message = format!(
            "these policies take over from each other in a circle: {}",
            circle.join(" -> ")
        );
        whole.note(Kind::EscalationPolicy, path, message);
    }

    let services = whole.documents.services.iter().flatten().enumerate();
    let needs: Vec<Vertex<'_>> = services
        .map(|(at, service)| Vertex {
            name: &service.name,
            path: whole.path(Kind::Service, at, &service.name).field("depends_on"),
            next: service.depends_on.iter().map(String::as_str).collect(),
        })
        .collect();
    for (path, circle) in circles(&needs) {
        let message =
            format!("these services depend on each other in a circle: {}", circle.join(" -> "));
        whole.note(Kind::Service, path, message);
    }
}

struct Vertex<'a> {
    name: &'a str,
    path: Path,
    next: Vec<&'a str>,
}

/// Every circle once, at the vertex that was reached first. Walks with a stack of its own, because
/// a chain may be as long as a file.
fn circles<'a, 'v>(vertices: &'v [Vertex<'a>]) -> Vec<(&'v Path, Vec<&'a str>)> {
    let by_name: BTreeMap<&str, &'v Vertex<'a>> =
        vertices.iter().map(|vertex| (vertex.name, vertex)).collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in vertices {
        let mut trail: Vec<(&'v Vertex<'a>, usize)> = vec![(start, 0)];
        while let Some((vertex, at)) = trail.last_mut() {
            let vertex: &'v Vertex<'a> = vertex;
            let next = if done.contains(vertex.name) { None } else { vertex.next.get(*at) };
            *at += 1;
            let Some(name) = next else {
                done.insert(vertex.name);
                trail.pop();
                continue;
            };
            let Some(&next) = by_name.get(name) else { continue };
            if let Some(from) = trail.iter().position(|(vertex, _)| vertex.name == *name) {
                let circle = trail[from..].iter().map(|(vertex, _)| vertex.name);
                found.push((&next.path, circle.chain([*name]).collect()));
            } else {
                trail.push((next, 0));
            }
        }
    }
    found
}
