//! The laws of the router, held against cases at random. The judges here look at the request and the policy as they came, not at what
//! the router gathered of them.
//!
//! `make test-large` sets `HOB_TEST_DECISIONS` to 100,000.

use std::{cell::Cell, collections::BTreeSet};

use config::{Destination, Globs, Mode, Requirements, Secrets, Target, Task, Then, Usd, When};
use model::cloud::Health;
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};

use super::{
    generated::{Case, cases, choices, forbidding, worsened},
    *,
};

/// Holds that `law` holds for each case.
fn check<S: Strategy>(cases: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    #[expect(clippy::disallowed_methods, reason = "how many cases are tried is no input of what is tested")]
    let count = std::env::var("HOB_TEST_DECISIONS").ok().and_then(|count| count.parse().ok());
    let config = ProptestConfig {
        cases: count.unwrap_or(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if let Err(broken) = TestRunner::new(config).run(&cases, law) {
        panic!("{broken}");
    }
}

fn chain(decision: &Decision) -> &[Target] {
    match &decision.chosen {
        Chosen::Cloud { chain, .. } => chain,
        Chosen::Local { .. } | Chosen::Refused { .. } => &[],
    }
}

/// Who is let through by every gate, chosen or not.
fn allowed(decision: &Decision) -> BTreeSet<Target> {
    let passed = decision.rejected.iter().filter(|(_, why)| why.gate() == Gate::Preference);
    let passed = passed.filter_map(|(destination, _)| match destination {
        Destination::Cloud(target) => Some(target.clone()),
        Destination::Local => None,
    });
    passed.chain(chain(decision).iter().cloned()).collect()
}

/// Whether a rule speaks, read off its text.
fn speaks(when: &When, errand: &Errand) -> bool {
    let any = |is: &dyn Fn(&File) -> bool| errand.files.iter().any(is);
    let matches = |pattern: &String, file: &File| Globs::new(&[pattern]).unwrap().matches(&file.path);
    (when.tasks.is_empty() || when.tasks.contains(&errand.task))
        && (when.paths.is_empty() || any(&|file| when.paths.iter().any(|pattern| matches(pattern, file))))
        && (when.languages.is_empty() || any(&|file| when.languages.contains(&file.language)))
        && errand.files.len() >= when.files_min as usize
        && errand.tokens >= when.tokens_min
}

/// Whether somebody who knows the policy by heart would let this one see the request and pay it.
fn may_be_asked(case: &Case, target: &Target) -> bool {
    let Case { errand, policy, world } = case;
    let Some(provider) = policy.provider(&target.provider) else { return false };
    let Some(gateway) = &world.gateway else { return false };
    let is_seen = |file: &File| {
        let never = policy
            .never
            .iter()
            .any(|pattern| Globs::new(&[pattern]).is_ok_and(|globs| globs.matches(&file.path)));
        !file.private && !config::is_private(&file.path) && !never
    };
    let spoken: Vec<_> = policy.rules.iter().filter(|rule| speaks(&rule.when, errand)).collect();
    let promises = |required: &Requirements| {
        required.retention.is_none_or(|most| provider.retention.is_some_and(|keeps| keeps <= most))
            && required
                .regions
                .as_ref()
                .is_none_or(|regions| provider.region.as_ref().is_some_and(|region| regions.contains(region)))
    };
    let is_engine =
        world.remote_engine.as_ref() == Some(&target.provider) && provider.dialect.is_own_hardware();
    let free = provider.dialect.is_own_hardware().then_some(Usd(0));
    let price = world.at_most.iter().find(|(of, _)| of == target).map(|(_, at_most)| *at_most).or(free);
    let status = gateway.targets.iter().find(|status| status.target == *target);

    policy.mode != Mode::LocalOnly
        && !world.consent.never
        && !world.offline
        && provider.models.contains(&target.model)
        && policy.never.iter().all(|pattern| Globs::new(&[pattern]).is_ok())
        && errand.files.iter().all(is_seen)
        && spoken.iter().all(|rule| rule.then != Then::DenyCloud)
        && (errand.secrets.is_empty() || (policy.secrets == Secrets::Redact && !errand.task.is_unattended()))
        && (!errand.task.is_unattended() || is_engine)
        && policy
            .hosts
            .iter()
            .all(|hosts| hosts.iter().any(|host| host.eq_ignore_ascii_case(provider.host())))
        && promises(&policy.require)
        && spoken.first().is_none_or(|rule| promises(&rule.require))
        && (errand.task.is_unattended() || errand.tokens + errand.answer_tokens <= provider.context_tokens)
        && status
            .is_some_and(|status| status.priced && matches!(status.health, Health::Ready | Health::Probing))
        && gateway.closed.is_none()
        && price.is_some_and(|price| {
            let budget = &policy.budget;
            price <= budget.per_call.min(budget.day).min(budget.month)
                && price <= gateway.left_today.min(gateway.left_this_month)
        })
}

#[test]
fn what_forbids_only_ever_shrinks_what_is_allowed() {
    check((cases(), forbidding()), |(case, forbids)| {
        let before = allowed(&case.decide());
        let after = forbids.over(&case).decide();
        prop_assert!(allowed(&after).is_subset(&before));
        prop_assert!(chain(&after).iter().all(|target| before.contains(target)));
        Ok(())
    });
}

#[test]
fn everyone_in_a_chain_was_let_through_by_every_gate_and_nobody_else_was() {
    let [sent, several] = [Cell::new(0), Cell::new(0)];
    check(cases(), |case| {
        let decision = case.decide();
        let may: BTreeSet<_> = decision
            .facts
            .candidates
            .iter()
            .map(|candidate| candidate.target.clone())
            .filter(|target| may_be_asked(&case, target))
            .collect();
        prop_assert_eq!(allowed(&decision), may);
        sent.set(sent.get() + usize::from(!chain(&decision).is_empty()));
        several.set(several.get() + usize::from(chain(&decision).len() > 1));
        Ok(())
    });
    // Or all of this would be said of nothing.
    assert!(sent.get() > 200 && several.get() > 10, "{} were sent, {} by a chain", sent.get(), several.get());
}

#[test]
fn this_machine_is_the_last_resort_and_needs_no_network() {
    check(cases(), |mut case| {
        let local = case.world.local;
        let does = if case.errand.task.is_unattended() { local.fills } else { local.instructs };
        let decision = case.decide();
        if let Chosen::Cloud { then_local, .. } = decision.chosen {
            prop_assert!(does || !then_local);
        }
        case.world.offline = true;
        let offline = case.decide();
        prop_assert!(chain(&offline).is_empty());
        // What was behind all others, or the answer anyway, is the answer now.
        match decision.chosen {
            Chosen::Cloud { then_local: true, .. } | Chosen::Local { .. } => {
                prop_assert!(offline.chosen.is_local());
            }
            Chosen::Cloud { then_local: false, .. } | Chosen::Refused { .. } => {
                prop_assert!(!offline.chosen.is_local());
            }
        }
        // And nothing of the world outside is needed for it.
        case.world.gateway = None;
        case.world.at_most.clear();
        prop_assert_eq!(case.decide().chosen.is_local(), offline.chosen.is_local());
        Ok(())
    });
}

#[test]
fn an_unknown_price_model_or_region_is_refused_and_not_guessed() {
    check((cases(), 0..5_usize), |(mut case, unknown)| {
        let asked = chain(&case.decide()).to_vec();
        let Some(target) = asked.first() else { return Ok(()) };
        let provider =
            case.policy.providers.iter_mut().find(|provider| provider.id == target.provider).unwrap();
        let statuses = &mut case.world.gateway.as_mut().unwrap().targets;
        match unknown {
            0 => statuses
                .iter_mut()
                .filter(|status| status.target == *target)
                .for_each(|status| status.priced = false),
            1 => statuses.retain(|status| status.target != *target),
            2 => provider.models.retain(|model| *model != target.model),
            3 => {
                provider.region = None;
                case.policy.require.regions = Some(vec!["eu".to_owned(), "us".to_owned()]);
            }
            _ => {
                provider.retention = None;
                case.policy.require.retention = Some(config::Retention::Training);
            }
        }
        prop_assert!(!chain(&case.decide()).contains(target));
        Ok(())
    });
}

#[test]
fn the_same_inputs_give_the_same_decision_now_and_from_what_was_kept() {
    check(cases(), |case| {
        let decision = case.decide();
        prop_assert_eq!(&decision, &case.decide());
        let kept = serde_json::to_string(&decision.facts).unwrap();
        let again = judge(serde_json::from_str(&kept).unwrap());
        prop_assert_eq!(&decision, &again);
        prop_assert_eq!(decision.record(kept.clone()), again.record(kept));
        Ok(())
    });
}

#[test]
fn the_first_rule_that_speaks_is_recorded_with_its_line() {
    check(cases(), |case| {
        let first = case.policy.rules.iter().find(|rule| speaks(&rule.when, &case.errand));
        let expected = first.map(|rule| (rule.name.clone(), rule.line));
        let decision = case.decide();
        prop_assert_eq!(&decision.rule, &expected);
        // Nobody is asked whom neither it nor the user names.
        if let (Some(Then::Chain(named)), Choice::None) = (first.map(|rule| &rule.then), &case.errand.choice)
        {
            let is_named = |target: &Target| named.contains(&Destination::Cloud(target.clone()));
            prop_assert!(chain(&decision).iter().all(is_named));
            let leaves_local_out = !named.contains(&Destination::Local);
            prop_assert!(!(leaves_local_out && decision.chosen.is_local()));
        }
        Ok(())
    });
}

#[test]
fn what_happens_while_somebody_types_leaves_for_the_named_engine_only() {
    check((cases(), choices()), |(mut case, choice)| {
        case.errand.task = Task::Inline;
        case.errand.choice = choice;
        let engine = case.world.remote_engine.clone();
        prop_assert!(chain(&case.decide()).iter().all(|target| Some(&target.provider) == engine.as_ref()));
        case.world.remote_engine = None;
        prop_assert!(chain(&case.decide()).is_empty());
        Ok(())
    });
}

#[test]
fn the_users_choice_opens_no_gate_and_local_means_local() {
    check((cases(), choices()), |(case, choice)| {
        let mut chosen = case.clone();
        chosen.errand.choice = choice;
        let decision = chosen.decide();
        // The same are let through, but for one that was not known until it was named.
        let may = |target: &Target| may_be_asked(&case, target);
        prop_assert!(allowed(&decision).iter().all(may));
        match &chosen.errand.choice {
            Choice::Local => prop_assert!(chain(&decision).is_empty()),
            Choice::Target(target) => prop_assert!(chain(&decision).iter().all(|asked| asked == target)),
            Choice::None | Choice::Cloud => {}
        }
        Ok(())
    });
}

#[test]
fn a_private_file_is_in_no_request_that_leaves_and_no_path_is_in_a_decision() {
    check((cases(), 0..3_u8), |(mut case, how)| {
        let file = |path: &str, private| File { path: path.to_owned(), language: "rust".to_owned(), private };
        case.errand.files.push(file("zzz/lonely.rs", false));
        let decision = case.decide();
        let said = format!("{} {}", decision.sentence(), serde_json::to_string(&decision.facts).unwrap());
        for path in case.errand.files.iter().map(|file| &file.path) {
            prop_assert!(!said.contains(path.as_str()), "{said}");
        }
        match how {
            0 => case.errand.files.push(file("zzz/b.rs", true)),
            1 => case.errand.files.push(file("zzz/.aws/b", false)),
            _ => case.policy.never.push("zzz".to_owned()),
        }
        prop_assert!(chain(&case.decide()).is_empty());
        Ok(())
    });
}

#[test]
fn less_money_or_worse_health_brings_nobody_in() {
    check((cases(), worsened()), |(case, (today, month, health, offline))| {
        let mut worse = case.clone();
        worse.world.offline |= offline;
        if let Some(gateway) = &mut worse.world.gateway {
            gateway.left_today = gateway.left_today.min(today);
            gateway.left_this_month = gateway.left_this_month.min(month);
            for (status, health) in gateway.targets.iter_mut().zip(health) {
                status.health = health.unwrap_or_else(|| status.health.clone());
            }
        }
        let [before, after] = [case.decide(), worse.decide()];
        prop_assert!(allowed(&after).is_subset(&allowed(&before)));
        prop_assert!(chain(&after).iter().all(|target| chain(&before).contains(target)));
        Ok(())
    });
}

#[test]
fn what_needs_no_gateway_does_not_start_one() {
    check(cases(), |case| {
        let asks = asks_gateway(&case.errand, &case.policy, &case.world);
        prop_assert!(asks || chain(&case.decide()).is_empty());
        let unasked = World { gateway: None, at_most: Vec::new(), ..case.world.clone() };
        prop_assert_eq!(asks_gateway(&case.errand, &case.policy, &unasked), asks);
        Ok(())
    });
}

impl Chosen {
    fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. })
    }
}
