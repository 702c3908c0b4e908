import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { QuotaPeriod } from "../rule.ts";
import { obtainCalendar, QuotaCalendar } from "./calendar.ts";

const HOUR_MS = 3_600_000;

/** The name of the period at a moment, and when it ends. */
function at(per: QuotaPeriod, zone: string, moment: string): readonly [string, string] {
  const { name, endsAtMs } = new QuotaCalendar(per, zone).at(Date.parse(moment));
  return [name, new Date(endsAtMs).toISOString().replace(":00.000Z", "Z")];
}

describe("periods of a calendar", () => {
  for (const [per, zone, moment, name, end] of [
    ["hour", "UTC", "2026-11-25T13:59:59.999Z", "2026-11-25T13", "2026-11-25T14:00Z"],
    ["hour", "UTC", "2026-11-25T14:00:00Z", "2026-11-25T14", "2026-11-25T15:00Z"],
    ["day", "UTC", "2026-12-31T23:59:59Z", "2026-12-31", "2027-01-01T00:00Z"],
    ["month", "UTC", "2026-12-31T23:59:59Z", "2026-12", "2027-01-01T00:00Z"],
    // Leap years, and the one in a hundred that is none.
    ["month", "UTC", "2028-02-28T12:00:00Z", "2028-02", "2028-03-01T00:00Z"],
    ["day", "UTC", "2028-02-28T12:00:00Z", "2028-02-28", "2028-02-29T00:00Z"],
    ["day", "UTC", "2100-02-28T12:00:00Z", "2100-02-28", "2100-03-01T00:00Z"],
    ["month", "Europe/Berlin", "2026-02-28T22:59:59Z", "2026-02", "2026-02-28T23:00Z"],
    ["month", "Europe/Berlin", "2026-02-28T23:00:00Z", "2026-03", "2026-03-31T22:00Z"],
    // 23 hours, and 25.
    ["day", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29", "2026-03-29T22:00Z"],
    ["day", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25", "2026-10-25T23:00Z"],
    // The hour that is left out, and the one that comes twice.
    ["hour", "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01", "2026-03-29T01:00Z"],
    ["hour", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03", "2026-03-29T02:00Z"],
    ["hour", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02", "2026-10-25T02:00Z"],
    ["hour", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02", "2026-10-25T02:00Z"],
    // Clocks that are moved by half an hour, or stand at an odd quarter.
    ["hour", "Australia/Lord_Howe", "2026-04-04T14:30:00Z", "2026-04-05T01", "2026-04-04T15:30Z"],
    ["hour", "Asia/Kathmandu", "2026-06-01T00:14:59Z", "2026-06-01T05", "2026-06-01T00:15Z"],
    ["day", "America/New_York", "2026-07-04T03:59:59Z", "2026-07-03", "2026-07-04T04:00Z"],
    // Midnight itself is left out: the day begins at one.
    ["day", "Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-23", "2026-04-23T22:00Z"],
    ["day", "Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24", "2026-04-24T21:00Z"],
    // 2011-12-30 never was on Samoa.
    ["day", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29", "2011-12-30T10:00Z"],
    ["day", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", "2011-12-31T10:00Z"],
    ["month", "Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12", "2011-12-31T10:00Z"],
  ] as const) {
    it(`${moment} is of the ${per} ${name} in ${zone}, until ${end}`, () => {
      assert.deepEqual(at(per, zone, moment), [name, end]);
    });
  }

  it("follow one another without a gap, whatever the zone does", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut"];
    const years = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(years, fc.constantFrom(...zones), fc.constantFrom<QuotaPeriod>("hour", "day", "month"), (wallMs, zone, per) => {
        const calendar = new QuotaCalendar(per, zone);
        const { name, endsAtMs } = calendar.at(wallMs);
        assert.ok(endsAtMs > wallMs);
        assert.equal(new QuotaCalendar(per, zone).at(endsAtMs - 1).name, name);
        assert.equal(calendar.at(endsAtMs - 1).endsAtMs, endsAtMs);
        const next = calendar.at(endsAtMs);
        assert.ok(next.name > name && next.endsAtMs > endsAtMs, `${name} ${next.name}`);
      }),
      { numRuns: 200 },
    );
  });

  it("are one object for all who ask, and Intl is asked at their end alone", () => {
    const calendar = obtainCalendar("day", "UTC");
    assert.equal(obtainCalendar("day", "UTC"), calendar);
    assert.notEqual(obtainCalendar("hour", "UTC"), calendar);
    const midnight = Date.UTC(2026, 5, 1);
    const span = calendar.at(midnight + HOUR_MS);
    assert.equal(calendar.at(midnight + 23 * HOUR_MS), span);
    // The clock was set back, and stays in the day.
    assert.equal(calendar.at(midnight), span);
    assert.equal(calendar.at(midnight - 1).name, "2026-05-31");
  });

  it("are of zones that the runtime knows", () => {
    assert.throws(() => new QuotaCalendar("day", "Mars/Olympus"), RangeError);
  });
});
