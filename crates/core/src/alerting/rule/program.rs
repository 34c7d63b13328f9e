//! One parsed CEL expression: vetted against the variables and functions it may use, its regular
//! expressions compiled, its loops put under a budget. It is evaluated over bindings made for the
//! variables that it names and no others.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use cel::common::types::{CelBool, CelString, DYN_TYPE, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::parser::Parser;
use cel::{Context, Env, ExecutionError, extensions};
use regex::{Regex, RegexBuilder};

use super::bounds;

/// How deep loops (`all`, `exists`, `exists_one`, `filter`, `map`) may stand inside each other.
pub const MACROS_DEEP_MAX: usize = 2;
/// How many loops one rule may hold.
pub const MACROS_MAX: usize = 8;
/// How many `+` one rule may hold: each may copy what it adds.
pub const ADDITIONS_MAX: usize = 32;
/// The longest regular expression, in bytes.
pub const PATTERN_BYTES_MAX: usize = 512;
/// The largest compiled regular expression, in bytes.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 256 * 1024;
/// How many turns all loops of one evaluation may take together.
pub const STEPS_MAX: usize = 10_000;
/// Turns times bytes in view that one evaluation may take: large payloads get fewer turns.
pub const WORK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many turns an evaluation is always allowed.
pub const STEPS_ALWAYS: usize = 64;
/// The stack of the parser's thread; three times what the deepest rule needs in a debug build.
const PARSER_STACK_BYTES: usize = 16 * 1024 * 1024;
/// The longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 300;

const BUDGET: &str = "@budget";
const WITHIN_BUDGET: &str = "@within_budget";
const MATCHES_PATTERN: &str = "@matches_pattern";

/// Every function that rules may call, besides the operators. What can make much of little
/// (`replace`, `format`) is not among them.
const FUNCTIONS: &[&str] = &[
    "bool",
    "bytes",
    "charAt",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "indexOf",
    "int",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "matches",
    "size",
    "split",
    "startsWith",
    "string",
    "substring",
    "trim",
    "type",
    "uint",
    "upperAscii",
];
/// Names of types, for `type(x) == string`.
const TYPES: &[&str] =
    &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(environment()));

/// A vetted expression.
#[derive(Debug)]
pub struct Program {
    text: String,
    expression: IdedExpr,
    patterns: Vec<(String, Pattern)>,
    variables: BTreeMap<&'static str, Wanted>,
    loops: bool,
}

/// How much of a variable an expression looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// Only these entries of a map.
    Entries(BTreeSet<String>),
}

impl Wanted {
    /// Whether the entry of that name is looked at.
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Entries(names) => names.contains(name),
        }
    }
}

/// A variable's value, and roughly how many bytes it holds.
pub struct Binding<'v> {
    pub value: Box<dyn Val + 'v>,
    pub bytes: usize,
}

impl Program {
    /// Parses and vets `text`, which may name the given variables.
    ///
    /// The parser needs much stack for each bracket, more than a worker thread may have left, so
    /// it runs on a thread of its own.
    pub fn parse(text: &str, variables: &'static [&'static str]) -> Result<Self, String> {
        bounds::check(text)?;
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(PARSER_STACK_BYTES)
                .spawn_scoped(scope, || guarded(|| Self::parse_bounded(text, variables)))
                .map_err(|error| format!("cannot be parsed now: {error}"))?
                .join()
                .unwrap_or_else(|_| Err("the parser failed on it".to_owned()))
        })
    }

    fn parse_bounded(text: &str, variables: &'static [&'static str]) -> Result<Self, String> {
        let limit = u16::try_from(bounds::DEPTH_MAX).unwrap_or(u16::MAX);
        let parser = Parser::new().max_recursion_depth(limit);
        let mut expression = parser.parse(text).map_err(|errors| {
            errors.errors.first().map_or_else(
                || "cannot be parsed".to_owned(),
                |error| format!("line {}, column {}: {}", error.pos.0, error.pos.1 + 1, error.msg),
            )
        })?;
        let mut vetting = Vetting::new(variables);
        vetting.vet(&mut expression)?;
        let Vetting { wanted, patterns, macros, .. } = vetting;
        Ok(Self {
            text: text.to_owned(),
            expression,
            patterns,
            variables: wanted,
            loops: macros > 0,
        })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates the expression over what `bind` makes for the variables that it names, and reads
    /// the result with `read`.
    pub fn run<'v, T>(
        &'v self,
        bind: impl Fn(&str, &Wanted) -> Option<Binding<'v>>,
        read: impl FnOnce(&dyn Val) -> Result<T, String>,
    ) -> Result<T, String> {
        guarded(|| {
            let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
            let mut bytes = 0;
            for (name, wanted) in &self.variables {
                if let Some(binding) = bind(name, wanted) {
                    bytes += binding.bytes;
                    context.add_variable_as_val(*name, binding.value);
                }
            }
            for (name, pattern) in &self.patterns {
                context.add_variable_as_val(name.as_str(), pattern.clone_as_boxed());
            }
            if self.loops {
                let steps = (WORK_BYTES_MAX / bytes.max(1)).clamp(STEPS_ALWAYS, STEPS_MAX);
                let budget = Budget(Arc::new(AtomicUsize::new(steps)));
                context.add_variable_as_val(BUDGET, Box::new(budget));
            }
            let value = cel::Value::resolve_val(&self.expression, &context).map_err(reason)?;
            read(value.as_ref())
        })
    }
}

/// Runs `work`; a panic inside the library is one more reason why it failed.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("the expression engine failed on it".to_owned()))
}

fn reason(error: ExecutionError) -> String {
    let text = match &error {
        ExecutionError::NoSuchKey(key) => format!("there is no `{key}`"),
        other => other.to_string(),
    };
    text.chars().take(REASON_CHARS_MAX).collect()
}

/// The walk over a fresh syntax tree that refuses what is unknown or unbounded and rewrites regular
/// expressions and loops.
struct Vetting {
    known: &'static [&'static str],
    wanted: BTreeMap<&'static str, Wanted>,
    patterns: Vec<(String, Pattern)>,
    /// Names that the loops around the current node introduce.
    scope: Vec<String>,
    macros: usize,
    macros_deep: usize,
    additions: usize,
}

impl Vetting {
    fn new(known: &'static [&'static str]) -> Self {
        Self {
            known,
            wanted: BTreeMap::new(),
            patterns: Vec::new(),
            scope: Vec::new(),
            macros: 0,
            macros_deep: 0,
            additions: 0,
        }
    }

    fn vet(&mut self, node: &mut IdedExpr) -> Result<(), String> {
        if self.is_entry_of_variable(node) {
            return Ok(());
        }
        match &mut node.expr {
            Expr::Unspecified => Err("cannot be parsed".to_owned()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.vet_name(name),
            Expr::Select(select) => self.vet(&mut select.operand),
            Expr::Call(call) => self.vet_call(call),
            Expr::Comprehension(comprehension) => self.vet_loop(comprehension),
            Expr::List(list) => list.elements.iter_mut().try_for_each(|item| self.vet(item)),
            Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.vet(&mut entry.key)?;
                    self.vet(&mut entry.value)
                }
                EntryExpr::StructField(field) => self.vet(&mut field.value),
            }),
            Expr::Struct(message) => {
                Err(format!("`{}{{...}}` is not something rules know", message.type_name))
            }
        }
    }

    /// Notes `labels.env`, `labels["env"]` and `"env" in labels` as interest in one entry.
    fn is_entry_of_variable(&mut self, node: &IdedExpr) -> bool {
        let (variable, entry) = match &node.expr {
            Expr::Select(select) => (&*select.operand, select.field.as_str()),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::INDEX, [map, key]) | (operators::IN, [key, map]) => {
                    let Some(key) = literal_text(key) else { return false };
                    (map, key)
                }
                _ => return false,
            },
            _ => return false,
        };
        let Expr::Ident(name) = &variable.expr else { return false };
        let Some(name) = self.variable(name) else { return false };
        let wanted = self.wanted.entry(name).or_insert_with(|| Wanted::Entries(BTreeSet::new()));
        if let Wanted::Entries(names) = wanted {
            names.insert(entry.to_owned());
        }
        true
    }

    /// The variable of that name, unless a loop around hides it.
    fn variable(&self, name: &str) -> Option<&'static str> {
        if self.scope.iter().any(|hidden| hidden == name) {
            return None;
        }
        self.known.iter().find(|known| **known == name).copied()
    }

    fn vet_name(&mut self, name: &str) -> Result<(), String> {
        if let Some(variable) = self.variable(name) {
            self.wanted.insert(variable, Wanted::Whole);
            return Ok(());
        }
        if self.scope.iter().any(|known| known == name) || TYPES.contains(&name) {
            return Ok(());
        }
        Err(format!("`{name}` is not a variable; there are {}", self.known.join(", ")))
    }

    fn vet_call(&mut self, call: &mut CallExpr) -> Result<(), String> {
        let name = call.func_name.as_str();
        // The parser's own names of operators hold no letter first, except for `in`.
        let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_operator && !FUNCTIONS.contains(&name) {
            return Err(format!(
                "`{name}` with {} arguments is not a function; there are {}, and the macros all, \
                 exists, exists_one, filter, has, map",
                call.args.len(),
                FUNCTIONS.join(", ")
            ));
        }
        if name == operators::ADD {
            self.additions += 1;
            if self.additions > ADDITIONS_MAX {
                return Err(format!("more than {ADDITIONS_MAX} additions in one rule"));
            }
        }
        if name == "matches" {
            self.compile_pattern(call)?;
            return call.args.iter_mut().take(1).try_for_each(|text| self.vet(text));
        }
        call.target.as_deref_mut().map_or(Ok(()), |target| self.vet(target))?;
        call.args.iter_mut().try_for_each(|argument| self.vet(argument))
    }

    /// Makes `text.matches("...")` a call with the compiled pattern. A pattern that is not written
    /// out cannot be bounded here, so it is refused.
    fn compile_pattern(&mut self, call: &mut CallExpr) -> Result<(), String> {
        let mut arguments: Vec<IdedExpr> = call
            .target
            .take()
            .map(|target| *target)
            .into_iter()
            .chain(call.args.drain(..))
            .collect();
        let [_, pattern] = arguments.as_mut_slice() else {
            return Err("matches takes a text and a regular expression".to_owned());
        };
        let text = literal_text(pattern)
            .ok_or("the regular expression of matches must be written out in quotes")?;
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("a regular expression is longer than {PATTERN_BYTES_MAX} bytes"));
        }
        let compiled = RegexBuilder::new(text)
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .dfa_size_limit(PATTERN_COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| format!("`{text}` is not a regular expression: {error}"))?;
        let name = format!("@pattern{}", self.patterns.len());
        pattern.expr = Expr::Ident(name.clone());
        self.patterns.push((name, Pattern(Arc::new(compiled))));
        MATCHES_PATTERN.clone_into(&mut call.func_name);
        call.args = arguments;
        Ok(())
    }

    fn vet_loop(&mut self, comprehension: &mut ComprehensionExpr) -> Result<(), String> {
        self.macros += 1;
        self.macros_deep += 1;
        if self.macros_deep > MACROS_DEEP_MAX || self.macros > MACROS_MAX {
            return Err(format!(
                "too many loops: at most {MACROS_DEEP_MAX} of all, exists, exists_one, filter and \
                 map inside each other and {MACROS_MAX} in all"
            ));
        }
        self.vet(&mut comprehension.iter_range)?;
        let outside = self.scope.len();
        self.scope.push(comprehension.iter_var.clone());
        self.scope.extend(comprehension.iter_var2.clone());
        self.scope.push(comprehension.accu_var.clone());
        for part in [
            &mut comprehension.accu_init,
            &mut comprehension.loop_cond,
            &mut comprehension.loop_step,
            &mut comprehension.result,
        ] {
            self.vet(part)?;
        }
        self.scope.truncate(outside);
        self.macros_deep -= 1;
        charge(&mut comprehension.iter_range);
        Ok(())
    }
}

/// Makes a loop's range pay for its length before the first turn.
fn charge(range: &mut IdedExpr) {
    let id = range.id;
    let node = |expr| IdedExpr { id, expr };
    let paid = std::mem::take(range);
    *range = node(Expr::Call(CallExpr {
        func_name: WITHIN_BUDGET.to_owned(),
        target: None,
        args: vec![node(Expr::Ident(BUDGET.to_owned())), paid],
    }));
}

fn literal_text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn environment() -> Env {
    let mut environment = Env::stdlib();
    let declared = [
        environment.add_overload(
            MATCHES_PATTERN,
            "matches_pattern",
            vec![STRING_TYPE, DYN_TYPE],
            matches_pattern,
        ),
        environment.add_overload(
            WITHIN_BUDGET,
            "within_budget",
            vec![DYN_TYPE, DYN_TYPE],
            within_budget,
        ),
        extensions::strings(&mut environment),
    ];
    debug_assert!(declared.iter().all(Result::is_ok), "the names are ours alone: {declared:?}");
    environment
}

fn matches_pattern<'b, 'v>(
    arguments: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = arguments.first().and_then(|text| text.downcast_ref::<CelString>());
    let pattern = arguments.get(1).and_then(|pattern| pattern.downcast_ref::<Pattern>());
    match (text, pattern) {
        (Some(text), Some(pattern)) => {
            Ok(CowVal::owned(CelBool::from(pattern.0.is_match(text.inner()))))
        }
        _ => Err(ExecutionError::function_error("matches", "needs a text")),
    }
}

fn within_budget<'b, 'v>(
    mut arguments: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let range = arguments.pop().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let budget = arguments.first().and_then(|budget| budget.downcast_ref::<Budget>());
    let turns =
        range.as_sizer().map_or(0, |sizer| usize::try_from(*sizer.size().inner()).unwrap_or(0));
    let paid = budget.is_some_and(|budget| {
        budget
            .0
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(turns))
            .is_ok()
    });
    if !paid {
        return Err(ExecutionError::function_error("loop", "is over the bounds on work"));
    }
    Ok(range)
}

/// A compiled regular expression as a CEL value. It is shared and not cloned: a clone would begin
/// with cold caches.
#[derive(Debug, Clone)]
struct Pattern(Arc<Regex>);

/// The turns that are left, as a CEL value.
#[derive(Debug, Clone)]
struct Budget(Arc<AtomicUsize>);

macro_rules! opaque_value {
    ($kind:ident = $name:literal) => {
        impl Val for $kind {
            fn get_type(&self) -> &Type {
                <Self as Val>::cel_type()
            }

            fn cel_type() -> &'static Type {
                static TYPE: Type = Type::new_unspecified_type($name);
                &TYPE
            }

            fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
                Box::new(self.clone())
            }

            fn as_any(&self) -> Option<&dyn Any> {
                Some(self)
            }
        }

        impl StaticVal for $kind {}
    };
}

opaque_value!(Pattern = "pattern");
opaque_value!(Budget = "budget");
