"""Guards, each with the test that goes red without it: file, exact text (found once), what stands there instead, test.

To add one: a line at the end of its group; `make guards` shows that the test is not green by itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Guard(NamedTuple):
    """`test`: a node id, or several with spaces; tests on PostgreSQL are left out of the run."""

    file: str
    text: str
    instead: str
    test: str


TRANSITIONS = "regulars/adapters/database/transitions.py"
MESSAGES = "regulars/adapters/database/messages.py"
LAUNCHES = "regulars/adapters/database/launches.py"
CAS = "tests/integration/test_compare_and_set.py::"
LAUNCH = "tests/integration/test_launch.py::"
LEDGER = "tests/unit/operations/test_ledger.py::"
LIFE = "tests/unit/delivery/test_life.py::"
RECOVERY = "tests/integration/test_recovery.py::"
PERMISSION = "tests/unit/operations/test_permission.py::"
EVIDENCE = "tests/unit/delivery/test_evidence.py::"
REFUSALS = "tests/integration/test_refusals.py::"
PROGRAMME = "tests/integration/test_referral_programme.py::"
BINDING = "regulars/adapters/database/coupon_binding.py"
FREEING = "regulars/adapters/database/coupon_freeing.py"
STOCK = "regulars/adapters/database/coupon_stock.py"
REDEEMED = "regulars/adapters/database/redemptions.py"
CODES = "tests/integration/test_coupons.py::"
USED = "tests/integration/test_redemptions.py::"
SHOPS = "tests/integration/test_shop_codes.py::"
CONTACTS = "regulars/adapters/database/contacts.py"
LIMITS = "regulars/journeys/limits.py"
LIMITED = "tests/integration/test_contact_limits.py::"
RULES = "tests/unit/journeys/test_limits.py::"
OWED = "tests/integration/test_transactional.py::"
ADVANCING, LEAVING, ENTERING = (f"regulars/journeys/{name}.py" for name in ("advancing", "leaving", "entering"))
COURIER = "regulars/adapters/courier.py"
WAYS = "tests/unit/journeys/test_advancing.py::"
LEFT = "tests/unit/journeys/test_leaving.py::"
ENTERED = "tests/unit/journeys/test_entering.py::"
JOURNEYS = "tests/integration/test_journeys.py::"
STANDING = "tests/integration/test_standing_launches.py::"
ERRANDS = "tests/integration/test_errands.py::"
POSTS = "tests/unit/adapters/test_courier.py::"
EDITIONS = "regulars/adapters/database/automation_editions.py"
WATCHED, LOOK = "regulars/adapters/database/watched.py", "regulars/operations/watch.py"
PUT_LIVE = "tests/integration/test_automations_live.py::"
WATCH = "tests/integration/test_watching.py::"
SPREAD = "tests/integration/test_spreading.py::"
FEED_FILES, FEEDS, FETCHED = "regulars/adapters/feed_files.py", "tests/integration/test_feeds.py::", "tests/integration/test_feed_files.py::"
TELLINGS, TAKE_IN, INTAKE = "regulars/loyalty/tellings.py", "regulars/operations/take_in.py", "regulars/adapters/database/intake.py"
HOOKS = "tests/integration/test_web_hooks.py::"
API = "tests/integration/test_web_api.py::"
TOLD = "tests/integration/test_intake_any_order.py::"
GATHERED = "tests/unit/loyalty/test_tellings.py::"

GUARDS = (
    # the claim
    Guard(MESSAGES, "messages.c.number.in_(select(due.c.number)), PENDING)\n            .values(\n                state=State.CLAIMED.value, fence=messages.c.fence + 1",
          "messages.c.number.in_(select(due.c.number)), PENDING)\n            .values(\n                state=State.CLAIMED.value, fence=messages.c.fence",
          CAS + "test_a_claim_raises_the_fence_and_is_leased"),
    Guard(MESSAGES, "return and_(PENDING, messages.c.next_attempt_at <= now, in_time)", "return and_(messages.c.next_attempt_at <= now, in_time)",
          CAS + "test_what_is_claimed_does_not_stand_in_the_way_of_the_next"),
    Guard(MESSAGES, "return and_(PENDING, messages.c.next_attempt_at <= now, in_time)", "return and_(PENDING, in_time)",
          CAS + "test_what_is_not_due_or_too_late_is_not_claimed"),
    Guard(MESSAGES, "return and_(PENDING, messages.c.next_attempt_at <= now, in_time)", "return and_(PENDING, messages.c.next_attempt_at <= now)",
          CAS + "test_what_is_not_due_or_too_late_is_not_claimed"),
    Guard(MESSAGES, "_due(now), is_sending(launch_id)", "_due(now)",
          CAS + "test_nothing_is_claimed_of_a_launch_that_does_not_send"),
    # the mark before the dot
    Guard(TRANSITIONS, "messages.c.fence == one.c.fence,\n        or_(messages.c.state", "\n        or_(messages.c.state",
          CAS + "test_a_mark_holds_for_who_has_the_fence"),
    Guard(TRANSITIONS, "or_(messages.c.state == State.CLAIMED.value, marked_before), ", "",
          CAS + "test_only_what_is_claimed_is_marked"),
    Guard(TRANSITIONS, "messages.c.lease_owner == _OWNER, messages.c.lease_until", "messages.c.lease_until",
          CAS + "test_a_mark_holds_for_who_has_the_lease"),
    Guard(TRANSITIONS, ", messages.c.lease_until > database_in(LEASE_MARGIN)", "",
          CAS + "test_a_mark_needs_a_lease_that_lasts"),
    Guard(TRANSITIONS, "database_in(LEASE_MARGIN)", "database_in(0)",
          CAS + "test_a_mark_needs_a_lease_that_lasts"),
    Guard(TRANSITIONS, "is_sending(_LAUNCH), ", "",
          CAS + "test_nothing_is_marked_of_a_launch_that_was_stopped_meanwhile"),
    Guard(TRANSITIONS, "is_made_of_what_counts(_LAUNCH),", "",
          LAUNCH + "test_a_mail_composed_from_files_that_were_replaced_since_is_not_handed_over"),
    Guard(TRANSITIONS, "not_(is_suppressed(kind)), ", "",
          CAS + "test_nothing_is_marked_for_who_was_suppressed_meanwhile"),
    Guard(TRANSITIONS, ", not_(has_left(topic, kind))", "",
          CAS + "test_nothing_is_marked_for_who_left_meanwhile"),
    Guard(TRANSITIONS, 'lease_until=database_in(bindparam("p_seconds", type_=Integer())),', "",
          CAS + "test_a_mark_extends_the_lease"),
    Guard(TRANSITIONS, 'bindparam("p_again", type_=FLAG), messages.c.state', "messages.c.state",
          CAS + "test_only_what_is_claimed_is_marked"),
    # the end of an attempt
    Guard(TRANSITIONS, "messages.c.number == one.c.number, messages.c.fence == one.c.fence,\n        messages.c.state == one.c.before",
          "messages.c.number == one.c.number,\n        messages.c.state == one.c.before",
          CAS + "test_an_end_is_written_by_who_has_the_fence_and_only_once"),
    Guard(TRANSITIONS, "messages.c.state == one.c.before, ", "",
          CAS + "test_an_end_is_written_by_who_has_the_fence_and_only_once"),
    Guard(TRANSITIONS, 'row["number"]: row for row in rows if (row["number"], row["state"]) in won', "str(row): row for row in rows",
          CAS + "test_of_two_guesses_about_the_state_the_true_one_is_written"),
    Guard(TRANSITIONS, "lease_until=case((one.c.state == State.UNCERTAIN.value, messages.c.lease_until), else_=null())", "lease_until=None",
          CAS + "test_the_uncertain_keep_their_lease_and_nobody_judges_them_before_it_is_over"),
    Guard(TRANSITIONS, "func.coalesce(one.c.dup, false())", "false()",
          LAUNCH + "test_on_uncertain_resend_sends_equal_bytes_again_and_says_so"),
    Guard(TRANSITIONS, "and_(one.c.afresh, not_(messages.c.dup_possible))", "one.c.afresh",
          CAS + "test_a_second_copy_that_is_put_off_keeps_its_bytes"),
    # leases that ran out, and doubt
    Guard(MESSAGES, "return messages.c.lease_until < database_in(-LEASE_MARGIN)", "return messages.c.lease_until < database_in(0)",
          CAS + "test_a_lease_is_taken_back_when_it_is_over_by_the_margin"),
    Guard(MESSAGES, "messages.c.state == State.UNCERTAIN.value, _lapsed())", "messages.c.state == State.UNCERTAIN.value)",
          CAS + "test_the_uncertain_keep_their_lease_and_nobody_judges_them_before_it_is_over"),
    Guard(MESSAGES, " if row.last >= since[row.number]", "",
          CAS + "test_an_open_after_the_handoff_proves_that_it_arrived_and_one_before_does_not"),
    Guard("regulars/delivery/settlement.py", "word = OnUncertain.HOLD if uncertain.sent_again else on_uncertain", "word = on_uncertain",
          LAUNCH + "test_a_relay_that_breaks_at_every_dot_gets_two_copies_and_no_more"),
    Guard("regulars/delivery/settlement.py", "copy_may_exist=evidence is None and state is State.PENDING", "copy_may_exist=False",
          LAUNCH + "test_on_uncertain_resend_sends_equal_bytes_again_and_says_so"),
    Guard("regulars/delivery/evidence.py", "for arrived in (True, False):", "for arrived in (False, True):",
          EVIDENCE + "test_whoever_has_seen_it_outweighs_whoever_has_not"),
    Guard("regulars/operations/drain.py", "if claimed.content_hash in {None, made.mail.sha256}:", "if True:",
          LAUNCH + "test_a_second_copy_that_would_differ_is_held"),
    Guard("regulars/adapters/postfix_log.py", 'elif fact != b"hold: " and line["daemon"] == b"qmgr":', "elif fact:",
          "tests/integration/test_relay_log.py::test_a_log_says_no_only_where_it_covers_the_time"),
    Guard("regulars/adapters/postfix_log.py", "first <= handoff_at and last > handoff_at", "True",
          "tests/integration/test_relay_log.py::test_a_log_says_no_only_where_it_covers_the_time"),
    Guard("regulars/adapters/spool.py", " or mail.handed_to == self.address}", " or True}",
          "tests/ports/test_transport.py::test_nobody_denies_what_was_handed_to_somebody_else"),
    Guard("regulars/operations/sweep.py", "if has_it or ref in own}", "}",
          LAUNCH + "test_a_relays_log_is_silent_about_what_was_handed_to_another"),
    Guard(TRANSITIONS, 'handed_to=bindparam("p_handed_to", type_=Text()),', "",
          "tests/integration/test_failover.py::test_the_mark_notes_which_relay_a_mail_was_handed_to"),
    Guard("regulars/adapters/relays.py", "return self._relays[self.carrier].address", "return next(iter(self._relays.values())).address",
          "tests/integration/test_failover.py::test_the_mark_notes_which_relay_a_mail_was_handed_to"),
    Guard("regulars/adapters/database/recovery.py", "                    handed_to=null(),", "                    handed_to=messages.c.handed_to,",
          RECOVERY + "test_what_the_backup_noted_of_a_handoff_is_out_of_date"),
    Guard(MESSAGES, "afresh = messages.c.reason == WOULD_DIFFER", "afresh = messages.c.reason.is_not(None)",
          LAUNCH + "test_a_persons_word_on_other_held_mails_keeps_their_bytes"),
    Guard(MESSAGES, "afresh = messages.c.reason == WOULD_DIFFER", "afresh = messages.c.reason.is_(None)",
          LAUNCH + "test_an_operator_may_send_a_copy_that_differs_and_it_is_flagged"),
    Guard(MESSAGES, 'return fresh | {"dup_possible": True} |', "return fresh |",
          LAUNCH + "test_a_held_mail_goes_again_or_counts_as_arrived_by_a_persons_word"),
    Guard(MESSAGES, "follow_up(connection, settled, self._impressions, now)", "follow_up(connection, settlements, self._impressions, now)",
          REFUSALS + "test_who_lost_its_claim_meanwhile_neither_pauses_nor_suppresses"),
    # the wrong audience, and databases that went back in time
    Guard("regulars/operations/drain.py", "        office.permit()\n", "", RECOVERY + "test_a_restored_backup_sends_nothing_until_it_is_recovered_and_nobody_gets_a_second_mail"),
    Guard("regulars/operations/sweep.py", "    office.permit()\n", "", RECOVERY + "test_a_restored_backup_sends_nothing_until_it_is_recovered_and_nobody_gets_a_second_mail"),
    Guard("regulars/operations/permission.py", "            self._registry.notice(remembered)", "            pass",
          PERMISSION + "test_a_restored_backup_is_noticed_and_said_by_every_machine"),
    Guard("regulars/operations/permission.py", "        if objection := objection_to_stamp(identity, self.named, self.where):\n            raise objection\n", "",
          PERMISSION + "test_another_environments_may_not"),
    Guard("regulars/adapters/database/recovery.py", "                    dup_possible=true(),", "",
          RECOVERY + "test_a_campaign_that_resends_is_held_too_for_they_are_too_many"),
    Guard("regulars/adapters/database/recovery.py", "    write_fact(connection, LAUNCH_FLOOR, str(newest))\n", "",
          RECOVERY + "test_a_lost_launchs_number_is_not_given_again"),
    Guard("regulars/adapters/database/eligibility.py", "Reason.NOT_IN_ONLY_TO: not_(_is_named(question.only_to)),", "",
          "tests/integration/test_only_to.py::test_the_database_reads_the_patterns_as_the_send_path_does"),
    # commits, launches, operators
    Guard(LAUNCHES, 'moved = moved.where(launches.c.step == "", *(not_(_any(launch_id, where)) for where in (PENDING, LEASED)))', "pass",
          CAS + "test_a_launch_is_not_finished_while_anything_is_open"),
    Guard(LAUNCHES, "messages.c.number.in_(free), unsent)", "messages.c.number.in_(select(messages.c.number)))",
          CAS + "test_cancelling_takes_back_what_has_not_left"),
    Guard(MESSAGES, "                _reopen(connection, launch_id)\n", "                pass\n",
          CAS + "test_an_operator_opens_the_launch_with_the_mail_so_that_no_sweep_comes_between"),
    Guard("regulars/adapters/database/engine.py", "again = again or isinstance(error, Unconfirmed)", "again = False",
          CAS + "test_a_mark_whose_commit_was_not_confirmed_is_asked_for_again_and_holds"),
    Guard("regulars/operations/ledger.py", "        if ref in self._asked:\n", "        if False:\n",
          LEDGER + "test_a_mark_that_nobody_heard_of_wrote_no_dot_so_its_mail_goes_back"),
    # contact limits: nobody too often, at night, or while they complain
    Guard(CONTACTS, "        return self._database.insist(work)",
          "        with self._database.engine.begin() as connection:\n            return work(connection, False)",
          LIMITED + "test_many_workers_at_once_never_exceed_a_cap"),
    Guard(CONTACTS, '(Admitted, {"contact_at": now}),', '(Admitted, {"contact_at": messages.c.contact_at}),',
          LIMITED + "test_a_worker_that_dies_after_the_limits_were_asked_takes_no_place_for_ever"),
    Guard(CONTACTS, "func.coalesce(messages.c.first_due_at, messages.c.next_attempt_at)", "messages.c.next_attempt_at",
          LIMITED + "test_patience_is_not_renewed_by_being_asked"),
    Guard(CONTACTS, "func.coalesce(messages.c.contact_at, messages.c.accepted_at, messages.c.handoff_at)", "messages.c.contact_at",
          LIMITED + "test_mail_that_left_before_there_were_limits_counts"),
    Guard(CONTACTS, ".where(launches.c.kind != CampaignKind.TRANSACTIONAL.value)", "",
          LIMITED + "test_transactional_mail_neither_asks_nor_counts"),
    Guard(CONTACTS, "elif row.contact is None and row.goes:", "elif row.contact is None:",
          LIMITED + "test_a_launch_that_does_not_send_is_no_rival"),
    Guard(CONTACTS, " and (closed is None or closed < at)", "", LIMITED + "test_nobody_sells_to_who_has_an_open_complaint"),
    Guard(CONTACTS, "messages.c.accepted_at.is_(None), may_arrive)", "messages.c.accepted_at.is_(None))",
          LIMITED + "test_a_mail_that_ends_unsent_stops_counting"),
    Guard("regulars/operations/admission.py", "office.pace.shop_or(room.shop) if office.pace else room.shop", "room.shop",
          LIMITED + "test_limits_are_those_of_the_file_as_it_is_now"),
    Guard("regulars/operations/drain.py", "admitted(book.withhold(passed.claimed), launch, book, office)", "book.withhold(passed.claimed)",
          LIMITED + "test_over_the_cap_a_mail_is_dropped_with_its_reason_and_the_launch_ends"),
    Guard(MESSAGES, '"first_due_at": None, ', "", LIMITED + "test_a_mail_that_an_operator_sends_again_has_its_patience_again"),
    Guard("regulars/adapters/database/types.py", '        """As it is: beside', '        return super().self_group(against)\n        """As it is: beside',
          LIMITED + "test_a_batch_takes_a_constant_number_of_statements_that_stay_on_indexes"),
    Guard(LIMITS, "        counted.pop(key, None)\n", "", RULES + "test_a_mail_that_asks_again_does_not_stand_in_its_own_way_but_in_others"),
    Guard(LIMITS, "counted[key] = Contact(now, mail.topic, mail.class_)", "pass", RULES + "test_of_several_to_one_customer_each_that_goes_counts_for_the_next"),
    Guard(LIMITS, " if _goes_before(tomorrow, one, history, limits, now)", "", RULES + "test_nobody_stands_back_for_a_mail_that_is_not_going_today"),
    Guard(LIMITS, " if one.at >= today", "", RULES + "test_who_was_first_written_to_today_stays_the_winner"),
    Guard(LIMITS, "    if obstacle.until <= deadline:\n", "    if True:\n", RULES + "test_the_wait_counts_from_when_it_was_first_due"),
    Guard(LIMITS, "mail.expires_at is not None and obstacle.until >= mail.expires_at", "False",
          RULES + "test_quiet_hours_put_off_what_may_not_wait_for_a_limit_but_never_beyond_its_expiry"),
    Guard(LIMITS, "room > now and", "room >= now and", RULES + "test_it_waits_until_the_window_has_room_and_goes_at_that_very_moment"),
    Guard("regulars/journeys/quiet_hours.py", " or wall < hours.end", "", RULES + "test_quiet_hours_end_in_the_morning_of_the_customer"),
    Guard("regulars/journeys/quiet_hours.py", "end > moment and not is_quiet(hours, end.astimezone(zone).time())", "end > moment",
          RULES + "test_an_end_that_the_clock_change_skips_comes_after_it_and_one_that_comes_twice_is_not_gone_back_behind"),
    Guard("regulars/journeys/closed_days.py", 'country or COUNTRIES.get(zone.key, "")', 'country or ""',
          RULES + "test_on_a_closed_day_nothing_goes_there_and_it_waits_for_the_next_open_one"),
    # coupon codes
    Guard(FREEING, "messages.c.state.in_(UNSENT), ~tried,", "messages.c.state.in_(UNSENT),",
          CODES + "test_a_code_that_was_perhaps_delivered_once_stays_whatever_comes_after"),
    Guard(BINDING, " if row.fence == by_number[row.number].fence}", "}", CODES + "test_a_worker_that_has_lost_its_claim_binds_nothing"),
    Guard(BINDING, ", messages.c.state == State.CLAIMED.value)\n", ")\n", CODES + "test_a_worker_whose_launch_was_cancelled_meanwhile_binds_nothing"),
    Guard(BINDING, "        if mine[row.number].content_hash is None and (", "        if (", CODES + "test_a_code_that_is_void_is_not_put_into_another_mail"),
    Guard(BINDING, "row.state == CouponState.VOID or (", "(", CODES + "test_a_mail_that_has_not_left_yet_gets_another_code_for_a_void_one"),
    Guard(BINDING, " or (row.state == CouponState.BOUND and row.offer != offer.name)", "",
          CODES + "test_files_with_another_offer_give_what_has_not_left_another_code"),
    Guard(STOCK, ", *([coupons.c.synced_at.is_not(None)] if is_made_in_shop(offer) else [])", "", CODES + "test_only_codes_that_the_shop_knows_are_bound"),
    Guard(BINDING, "        take_off(connection, offer, launch_id, len(rows))\n", "", CODES + "test_imported_codes_are_taken_and_reserved_ones_are_counted_down"),
    Guard(BINDING, "row.bound_at != claimed.composed_at", "False", CODES + "test_a_mail_that_is_put_off_keeps_its_code_and_says_a_later_day"),
    Guard(BINDING, ".on_conflict_do_nothing(index_elements=[coupons.c.code_folded])", "", CODES + "test_a_draw_that_somebody_has_already_is_drawn_again"),
    Guard(STOCK, "    if available < quantity:\n", "    if False:\n", CODES + "test_what_another_launch_has_reserved_is_not_there"),
    Guard(STOCK, "max(own, free - others)", "max(own, free)", CODES + "test_who_has_reserved_nothing_takes_only_what_nobody_has_reserved"),
    Guard(LAUNCHES, "                release(connection, launch_id)\n", "                pass\n", CODES + "test_a_finished_launch_gives_back_what_it_reserved"),
    Guard(LAUNCHES, "    free_codes_of(connection, launch_id, now)\n", "", CODES + "test_a_cancelled_launch_gives_back_what_certainly_never_left"),
    Guard(MESSAGES, "            free_codes(connection, {one.ref for one in settled if one.state in UNSENT}, now)\n", "",
          CODES + "test_a_skipped_mail_gives_its_code_back"),
    Guard(MESSAGES, "            free_codes(connection, {MessageRef(*row) for row in ended}, now)\n", "",
          CODES + "test_what_expires_before_it_was_sent_gives_its_code_back"),
    Guard("regulars/adapters/database/coupons.py", "    if state is not None and state not in SETTLED:\n", "    if False:\n",
          CODES + "test_a_code_in_a_mail_that_is_about_to_leave_is_not_made_void"),
    Guard("regulars/operations/hand_out.py", "    if bound.missing:\n", "    if False:\n",
          CODES + "test_when_no_code_is_left_the_launch_waits_rather_than_send_a_mail_without"),
    Guard("regulars/operations/hand_out.py", "    if is_over(offer, now, zone):\n", "    if False:\n",
          CODES + "test_a_launch_that_lasts_longer_than_its_offer_waits"),
    Guard("regulars/operations/plan.py", "    refuse_without_codes(offer, funnel.final, shop, desk.coupons, question.as_of)\n", "",
          CODES + "test_a_launch_that_would_run_out_is_refused_and_says_how_many_are_missing"),
    Guard("regulars/adapters/database/recovery.py", "            set_aside(connection, why, now)\n", "",
          CODES + "test_after_a_restored_backup_no_code_of_it_is_given_again"),
    Guard(REDEEMED, ', *codes_in(dict(order.other).get("coupons"))}', "}", USED + "test_of_several_codes_of_a_webhook_ours_is_found"),
    Guard(REDEEMED, "for order in batch if _counts(order) for code", "for order in batch for code", USED + "test_an_order_that_is_not_paid_yet_uses_nothing"),
    Guard(REDEEMED, "for code, _ in wanted - stored})", "for code, _ in wanted})\n    stored = set()", USED + "test_an_order_that_carries_a_code_uses_it_once"),
    Guard(REDEEMED, " if use[0] in ours)", ")", USED + "test_a_strangers_code_is_nothing_to_us"),
    Guard("regulars/adapters/shop_calls.py", "_asked_for(headers) or wait", "wait", SHOPS + "test_a_shop_that_is_asked_too_much_is_given_the_time_it_asks_for"),
    Guard("regulars/adapters/shopify_codes.py", "        if _title(node) != terms.mark:\n", "        if False:\n",
          SHOPS + "test_a_code_that_the_shop_has_for_something_else_is_not_ours"),
    Guard("regulars/adapters/woocommerce_codes.py", "return None if self._is_ours(code, terms) else", "return None if True else",
          SHOPS + "test_a_code_that_the_shop_has_for_something_else_is_not_ours"),
    # journeys
    Guard(ADVANCING, "if live.live_since is None:", "if False:", WAYS + "test_a_disabled_automation_lets_nobody_go_on"),
    Guard(ADVANCING, "if step.key in self.sight.sent:", "if False:", WAYS + "test_a_mail_is_not_made_twice_in_one_journey"),
    Guard(ADVANCING, "elif expires <= self.now:", "elif False:", WAYS + "test_what_is_later_than_it_may_be_is_skipped_with_that_reason"),
    Guard(ADVANCING, "self.moment = journey.due_at or now", "self.moment = now", WAYS + "test_waits_are_counted_from_when_their_step_was_due"),
    Guard(ADVANCING, "if asked is not None and not self._holds(asked):", "if False:", WAYS + "test_who_fits_no_longer_leaves_at_the_next_mail"),
    Guard(ADVANCING, "if self.moment < told.at <= min(until, self.now)]", "if False]", WAYS + "test_an_event_between_its_turn_and_the_machines_coming_counts"),
    Guard(ADVANCING, "elif self.sight.doubt and self.sight.doubt[0] < self.moment <= self.sight.doubt[1]:", "elif False:",
          WAYS + "test_what_was_due_between_a_backup_and_its_recovery_was_perhaps_sent"),
    Guard("regulars/adapters/database/recovery.py", "recipients=launches.c.recipients + LEFT_OUT", "recipients=launches.c.recipients",
          STANDING + "test_after_a_recovery_nobody_gets_a_mail_that_perhaps_left_and_no_number_speaks_for_two"),
    Guard(LEAVING, " and happening.at >= journey.entered_at", "", LEFT + "test_other_events_end_nothing"),
    Guard(LEAVING, " or _is_trigger(journey, happening):", ":", LEFT + "test_other_events_end_nothing"),
    Guard(LEAVING, "max(at, _begun(due, step.at_most, live))", "at", LEFT + "test_an_event_told_late_moves_nobody_back_before_the_wait_began"),
    Guard(LEAVING, "    return subject == own\n", "    return True\n", LEFT + "test_on_the_way_of_one_order_other_orders_mean_nothing_but_that_they_are_placed"),
    Guard(ENTERING, "happening.at >= live.live_since and ", "", ENTERED + "test_what_happened_before_it_was_put_live_starts_nothing"),
    Guard(ENTERING, "plus(happening.at, window, live.shop.timezone) > now", "True", ENTERED + "test_only_a_fresh_live_event_of_its_kind_starts_anything"),
    Guard(ENTERING, "any(known.entry == entry for known in entries) or ", "", ENTERED + "test_never_again_is_never"),
    Guard(ENTERING, "    if any(known.under_way for known in entries):\n", "    if False:\n", ENTERED + "test_again_counts_from_the_last_entry_and_not_before_its_end"),
    Guard(ENTERING, "at = min(happening.at, now)", "at = happening.at", ENTERED + "test_a_clock_that_is_ahead_starts_nothing_in_the_future"),
    Guard("regulars/journeys/waits.py", "    if first <= second:\n", "    if True:\n", "tests/unit/journeys/test_waits.py::test_a_wait_is_over"),
    Guard("regulars/operations/happen.py", "return _not_left(starts, page)", "return [begun for begun, _ in starts]",
          JOURNEYS + "test_a_refund_told_before_its_order_leaves_nothing_to_begin"),
    Guard("regulars/operations/advance.py", "        permit()\n", "", STANDING + "test_where_nothing_may_be_sent_no_journey_goes_on"),
    Guard("regulars/adapters/database/journeys.py", "and_(WAITING, journeys.c.due_at <= now)", "and_(journeys.c.due_at <= now)",
          JOURNEYS + "test_an_automation_that_is_disabled_keeps_everybody_where_they_are"),
    Guard("regulars/adapters/database/journey_effects.py", "not in have:", "not in set():", JOURNEYS + "test_who_has_the_mail_already_stops_nobody_else"),
    Guard(LAUNCHES, 'moved.where(launches.c.step == "", ', "moved.where(", STANDING + "test_nobody_can_say_that_a_step_has_sent_all_of_its_mail"),
    Guard(MESSAGES, "or_(launches.c.expires_at.is_not(None), STEP_LAUNCH)", "launches.c.expires_at.is_not(None)",
          STANDING + "test_a_mail_of_a_step_that_nobody_sent_in_time_expires"),
    Guard("regulars/adapters/database/errands.py", "errands.c.next_attempt_at <= now, is_free)", "errands.c.next_attempt_at <= now)",
          ERRANDS + "test_what_a_killed_worker_left_is_done_by_the_next"),
    Guard("regulars/adapters/database/errands.py", "errands.c.fence == done.fence, PENDING", "PENDING",
          ERRANDS + "test_who_has_lost_an_errand_has_no_say_about_it"),
    Guard(COURIER, "if not self._private and (own := ", "if False and (own := ", POSTS + "test_a_public_shop_posts_nothing_into_a_private_network"),
    Guard(COURIER, "        if inner is not None or address in SPLIT_HORIZON:\n", "        if False:\n", POSTS + "test_a_public_shop_posts_nothing_into_a_private_network"),
    Guard(COURIER, "socket.create_connection((self._address, self.port), self.timeout)", "socket.create_connection((self.host, self.port), self.timeout)",
          POSTS + "test_the_address_that_was_checked_is_the_one_that_is_connected_to"),
    Guard(COURIER, "        end.start()\n", "", POSTS + "test_who_answers_letter_by_letter_is_not_listened_to_for_ever"),
    # transactional mail
    Guard(TRANSITIONS, "has_left(topic, kind)", "has_left(topic)", OWED + "test_who_leaves_while_it_is_composed_still_gets_it"),
    Guard("regulars/adapters/database/eligibility.py", "is_suppressed(campaign.kind)", "is_suppressed()", OWED + "test_the_launch_and_the_send_loop_ask_the_same_of_everybody"),
    Guard("regulars/adapters/database/suppressions.py", "in {None, *OF_MARKETING}]", "is None]", OWED + "test_an_address_that_left_and_then_bounces_is_not_written_to_any_more"),
    Guard("regulars/operations/launch.py", "    _refuse_selling(question.campaign)\n", "", OWED + "test_an_offer_in_transactional_mail_is_refused_at_launch_and_leaves_with_no_turn"),
    Guard("regulars/operations/drain.py", "if room.campaign.offer and launch.kind is CampaignKind.TRANSACTIONAL:", "if False:",
          OWED + "test_an_offer_in_transactional_mail_is_refused_at_launch_and_leaves_with_no_turn"),
    # friends and rewards
    Guard("regulars/loyalty/referrals.py", "if code is None or code not in owners or not _are_two(owners[code], friend):", "if code is None or code not in owners:",
          "tests/unit/loyalty/test_referrals.py::test_nobody_brings_themselves_by_whichever_address"),
    Guard("regulars/loyalty/referrals.py", "(first_at is None or order.ordered_at <= first_at)", "True",
          "tests/unit/loyalty/test_referrals.py::test_an_order_that_was_taken_back_is_remembered_until_another_one_counts"),
    Guard("regulars/loyalty/referrals.py", "    if before is ReferralState.REJECTED and same:\n        return before, None  # a person's word outlasts what the shop tells of the order\n", "",
          "tests/unit/loyalty/test_referrals.py::test_what_becomes_of_a_referral_when_its_orders_are_looked_at_again"),
    Guard("regulars/loyalty/confirming.py", "    if case.approved_at is None and (suspicion := ", "    if False and (suspicion := ",
          "tests/unit/loyalty/test_confirming.py::test_what_is_suspicious_waits_for_a_person_and_passes_once_they_said_so"),
    Guard("regulars/loyalty/confirming.py", "    if too_small := _too_small(case, programme):", "    if too_small := None:",
          "tests/unit/loyalty/test_confirming.py::test_the_friends_order_must_come_to_the_minimum_of_its_currency"),
    Guard("regulars/loyalty/confirming.py", "for end in (at, *(one for one in rewarded if at < one < plus(at, programme.cap_per, zone))):", "for end in (at,):",
          "tests/unit/loyalty/test_confirming.py::test_no_stretch_of_time_has_more_rewards_than_the_cap"),
    Guard("regulars/loyalty/rewards.py", "-(lot.value + gone)", "-lot.value",
          "tests/unit/loyalty/test_rewards.py::test_a_reversal_takes_back_what_was_used_and_not_what_had_expired"),
    Guard("regulars/adapters/database/referrals.py", "    _take_back(connection, moves, now)\n", "",
          PROGRAMME + "test_an_order_that_comes_back_takes_the_reward_with_it_and_again_when_it_counts_again"),
    Guard("regulars/adapters/database/referrals.py", "for move in moves if move.leaves(KEPT) and move.before}", "for move in moves if False}",
          PROGRAMME + "test_conditions_of_the_programme"),
    Guard("regulars/adapters/database/referral_evidence.py", "_STANDING = BROUGHT | {ReferralState.HELD}", "_STANDING = BROUGHT",
          PROGRAMME + "test_two_who_bring_each_other_are_held"),
    Guard("regulars/loyalty/rewards.py", " and str(lot.id) not in over:", ":",
          "tests/unit/loyalty/test_rewards.py::test_only_what_is_left_expires_and_only_once"),
    Guard("regulars/adapters/database/referral_cases.py", "row.decided_at, row.origin == LIVE,", "row.decided_at, True,",
          "tests/integration/test_referrals_live.py::test_imported_history_earns_and_starts_nothing"),
    Guard("regulars/adapters/database/referral_events.py", 'if name != "friend"}', "}",
          "tests/integration/test_referrals_live.py::test_an_advocate_hears_of_each_step_once_with_the_friends_first_name"),
    Guard("regulars/adapters/database/customer_facts.py", ", referrals.c.state.in_(BROUGHT))", ")",
          PROGRAMME + "test_who_was_held_or_came_back_does_not_count_on_a_day_either"),
    Guard("regulars/operations/rewards.py", "        if value > purse.value:\n", "        if False:\n",
          PROGRAMME + "test_no_more_is_paid_out_than_there_is"),
    # automations are put live, and whose moment has come is found
    Guard(EDITIONS, "if before.edition != draft.after:", "if False:", PUT_LIVE + "test_of_two_who_apply_at_once_one_is_told"),
    Guard(EDITIONS, "since = draft.at if draft.watches_anew and before.live_since else before.live_since", "since = before.live_since",
          WATCH + "test_another_trigger_knows_nobody_of_before"),
    Guard(WATCHED, "where=memberships.c.since < new.excluded.since,", "", WATCH + "test_of_two_who_look_at_once_one_finds_them"),
    Guard(WATCHED, 'connection.execute(memberships.insert().from_select(["campaign", "customer_id", "since"], row))', "pass",
          WATCH + "test_whoever_comes_into_a_segment_enters_and_may_come_again"),
    Guard("regulars/adapters/database/automations.py", "begin_watching(connection, live_on(connection)[campaign], now)", "pass",
          WATCH + "test_who_came_in_while_it_was_disabled_does_not_enter"),
    Guard("regulars/journeys/watching.py", "max(live.live_since, watched_at - LOOKS_BACK)", "watched_at",
          WATCH + "test_who_moves_to_another_zone_has_one_birthday"),
    Guard(LOOK, "if one.customer_id in mine and is_late(one.at, live, now)", "if False",
          WATCH + "test_after_an_outage_what_is_too_old_is_counted_and_the_rest_happens"),
    Guard("regulars/journeys/gathering.py", 'return latest.price is None or data.get("before") is None or latest.price < data["before"]',
          "return True", SPREAD + "test_a_price_that_rose_again_is_not_told"),
    Guard("regulars/adapters/database/gatherings.py", "if at <= before:", "if True:", SPREAD + "test_changes_of_some_minutes_are_told_together"),
    Guard("regulars/operations/apply.py", "return self.now > most_at_once(self.usual)", "return False",
          "tests/unit/operations/test_apply.py::test_more_than_five_times_as_many_are_held"),
    # what shops' systems tell: who is believed, once, in any order
    Guard("regulars/doors/web/hooks.py", "if not is_signed(", "if False and not is_signed(",
          HOOKS + "test_nothing_is_read_without_the_shops_signature"),
    Guard("regulars/doors/web/hooks.py", "        must_be_priced(heard, terms)\n", "",
          HOOKS + "test_an_order_that_cannot_be_understood_is_refused_and_leaves_nothing"),
    Guard("regulars/doors/web/counter.py", "not known.opens(named[1]) or ", "", API + "test_without_a_good_key_nothing_is_told"),
    Guard("regulars/doors/web/counter.py", " or not known.is_good(now)", "", API + "test_a_key_ends_when_it_is_revoked_or_over_and_a_new_one_takes_over"),
    Guard("regulars/doors/web/counter.py", "if scope not in known.scopes:", "if False:", API + "test_a_key_opens_what_its_scopes_say_and_no_more"),
    Guard("regulars/doors/web/guards.py", 'if is_called(scope["path"]) else LARGEST_BODY', "if False else LARGEST_BODY",
          HOOKS + "test_an_order_that_cannot_be_understood_is_refused_and_leaves_nothing"),
    Guard("regulars/doors/told/json_text.py", "    if _SUSPICIOUS.search(body):\n", "    if False:\n",
          "tests/unit/doors/test_json_text.py::test_what_is_refused_says_why"),
    Guard(TAKE_IN, "    if said.body_hash == call.body_hash:\n", "    if True:\n", API + "test_a_name_of_a_call_belongs_to_one_body"),
    Guard(TAKE_IN, "if order_id in stored and not before[order_id].rows else {}", "if False else {}",
          TOLD + "test_what_was_imported_is_no_news_when_it_is_told_live"),
    Guard(TAKE_IN, "if after[order_id] != before[order_id] or _is_other", "if _is_other",
          TOLD + "test_any_order_and_repetition_of_an_orders_calls_comes_to_the_same"),
    Guard(TELLINGS, "(before.rows and _rank(telling) < before.rank)", "False", GATHERED + "test_neither_order_nor_repetition_matters"),
    Guard(TELLINGS, "min(telling.told_at, seen.get(state, telling.told_at))", "telling.told_at", GATHERED + "test_neither_order_nor_repetition_matters"),
    Guard("regulars/loyalty/order_news.py", "if kind not in announced or at - announced[kind] > MOVED", "if True",
          GATHERED + "test_what_was_announced_is_not_news_again"),
    Guard("regulars/adapters/database/people.py", 'or row.told_at >= before["told_at"]', "or True",
          HOOKS + "test_what_a_shop_told_earlier_does_not_undo_what_it_told_later"),
    Guard("regulars/adapters/database/stock.py", 'each.told_at < known["told_at"]:', "False:",
          HOOKS + "test_what_a_shop_told_earlier_does_not_undo_what_it_told_later"),
    Guard("regulars/adapters/database/erasure.py", 'messages.c.customer_id == customer_id).values(email="", reply=None)', "messages.c.customer_id == -1).values(reply=None)",
          HOOKS + "test_who_is_to_be_forgotten_is_forgotten_at_once"),
    Guard("regulars/adapters/call_line.py", "            for each in batch:\n                await self._write([each])\n", "            _fail(batch, error)\n",
          "tests/unit/adapters/test_call_line.py::test_one_that_cannot_be_taken_in_takes_nobody_along"),
    # ---- imports and feeds ----
    Guard("regulars/adapters/database/known_members.py", "    if not watched or not customer_ids:\n", "    if True:\n",
          WATCH + "test_imported_history_makes_nobody_a_newcomer"),
    Guard("regulars/operations/pull_feeds.py", "if state.pulled_at is None or not feed.live:", "if not feed.live:",
          FEEDS + "test_the_first_pull_is_history_and_new_orders_start_what_they_start"),
    Guard("regulars/operations/tell_feed.py", " and last.get(order.order_id) != rows]", "]",
          FEEDS + "test_the_same_orders_again_are_left_alone_however_the_file_is_written"),
    Guard("regulars/adapters/database/feeds.py", "is_due, is_free).values(", "is_due).values(", FEEDS + "test_many_who_pull_at_once_pull_once"),
    Guard("regulars/adapters/database/feeds.py", "case((moved, null()), else_=feeds.c[column])", "feeds.c[column]",
          FEEDS + "test_another_address_is_another_history"),
    Guard(FEED_FILES, "        if own := next(", "        if False and next(", FETCHED + "test_only_public_addresses_are_asked_outside_of_embedded_mode"),
    Guard(FEED_FILES, "_headers(token if is_same_place else None, known)", "_headers(token, known)",
          FETCHED + "test_a_token_does_not_follow_a_redirect_to_another_place"),
    Guard(FEED_FILES, "                if size > self.most_bytes:\n", "                if False:\n", FETCHED + "test_a_file_without_an_end_is_cut_at_the_limit"),
    Guard(FEED_FILES, "        if clock.why or answer.length:\n", "        if False:\n", FETCHED + "test_a_file_that_breaks_off_is_not_read"),
    Guard("regulars/adapters/database/past_events.py", "            _leave(connection, [", "            print(connection, [",
          "tests/integration/test_import_events.py::test_who_unsubscribed_there_has_left_here_unless_they_came_back"),
    Guard("regulars/audience/customer_formats.py", 'lambda asked, confirmed: "yes" if (asked + confirmed).strip() else ""', 'lambda asked, confirmed: "yes"',
          "tests/integration/test_import_exports.py::test_mailchimp_says_yes_only_of_those_who_opted_in"),
    Guard("regulars/audience/sheet.py", "        if proof is Proof.NONE and Proof.OPEN in column.proofs and len(elsewhere) == 1:\n", "        if False:\n",
          "tests/integration/test_import_files.py::test_what_was_decided_about_a_spreadsheet_is_said"),
)
