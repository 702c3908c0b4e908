import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TimeWindow } from "../../config/index.ts";
import { TimeWindows } from "./time-windows.ts";
import { obtainClock, ZoneClock } from "./zone-clock.ts";

const ZURICH = "Europe/Zurich";
const at = (text: string) => Date.parse(text);
const isOpen = (window: Partial<TimeWindow>, text: string) =>
  new TimeWindows([{ days: [], startMinute: 0, endMinute: 0, zone: "UTC", ...window }]).isOpen(at(text));

describe("a window of the day", () => {
  const office = { startMinute: 8 * 60, endMinute: 18 * 60, zone: ZURICH, days: [1, 2, 3, 4, 5] };
  const night = { startMinute: 22 * 60, endMinute: 6 * 60, days: [5] };
  const wholeDay = { startMinute: 9 * 60, endMinute: 9 * 60, days: [5] };
  const cases: readonly (readonly [title: string, window: Partial<TimeWindow>, time: string, open: boolean])[] = [
    ["its last minute before", office, "2026-01-02T06:59:59.999Z", false],
    ["its first millisecond", office, "2026-01-02T07:00:00Z", true],
    ["its last", office, "2026-01-02T16:59:59.999Z", true],
    ["its end", office, "2026-01-02T17:00:00Z", false],
    ["a day that is not its own", office, "2026-01-03T10:00:00Z", false],
    ["the same hour in summer", office, "2026-07-03T06:00:00Z", true],
    ["an hour earlier in winter", office, "2026-01-02T06:00:00Z", false],
    ["its evening", night, "2026-01-02T22:00:00Z", true],
    ["the evening before it", night, "2026-01-01T23:00:00Z", false],
    ["the morning behind it, which is another day", night, "2026-01-03T05:59:00Z", true],
    ["the end of that morning", night, "2026-01-03T06:00:00Z", false],
    ["the morning of its own day", night, "2026-01-02T05:00:00Z", false],
    ["the evening of the day behind it", night, "2026-01-03T22:30:00Z", false],
    ["a start that is its end too: before", wholeDay, "2026-01-02T08:59:00Z", false],
    ["a start that is its end too: from then", wholeDay, "2026-01-02T09:00:00Z", true],
    ["a start that is its end too: a day long", wholeDay, "2026-01-03T08:59:00Z", true],
    ["a start that is its end too: and no longer", wholeDay, "2026-01-03T09:00:00Z", false],
    ["every day where none is named", { startMinute: 0, endMinute: 1440 }, "2026-01-04T23:59:00Z", true],
    ["a Saturday night, which ends on Sunday", { ...night, days: [6] }, "2026-01-04T01:00:00Z", true],
    ["a Sunday night, which ends on Monday", { ...night, days: [0] }, "2026-01-05T01:00:00Z", true],
  ];
  for (const [title, window, time, open] of cases) {
    it(`${open ? "is open" : "is closed"}: ${title}`, () => assert.equal(isOpen(window, time), open));
  }
});

describe("a window when clocks change", () => {
  const skipped = { startMinute: 2 * 60, endMinute: 3 * 60, zone: ZURICH };
  const before = { startMinute: 60, endMinute: 2 * 60, zone: ZURICH };

  it("is never open in an hour that is left out", () => {
    for (let minute = 0; minute < 24 * 60; minute++) {
      const text = new Date(at("2026-03-28T23:00:00Z") + minute * 60_000).toISOString();
      if (text < "2026-03-29T22:00:00.000Z") assert.equal(isOpen(skipped, text), false, text);
    }
  });

  it("goes up to the hour that is left out, and the next begins at once", () => {
    assert.equal(isOpen(before, "2026-03-29T00:59:59Z"), true);
    assert.equal(isOpen(before, "2026-03-29T01:00:00Z"), false);
    assert.equal(isOpen({ ...skipped, startMinute: 180, endMinute: 240 }, "2026-03-29T01:00:00Z"), true);
  });

  it("is open both times in an hour that comes twice", () => {
    const open = [];
    for (let minute = 0; minute < 240; minute += 30) {
      const text = new Date(at("2026-10-24T23:00:00Z") + minute * 60_000).toISOString();
      open.push(isOpen(skipped, text));
    }
    assert.deepEqual(open, [false, false, true, true, true, true, false, false]);
  });

  it("follows zones that change by half an hour, and those with odd minutes", () => {
    const noon = { startMinute: 720, endMinute: 721 };
    assert.equal(isOpen({ ...noon, zone: "Australia/Lord_Howe" }, "2026-01-15T01:00:00Z"), true);
    assert.equal(isOpen({ ...noon, zone: "Australia/Lord_Howe" }, "2026-07-15T01:30:00Z"), true);
    assert.equal(isOpen({ ...noon, zone: "Asia/Kathmandu" }, "2026-07-15T06:15:00Z"), true);
    assert.equal(isOpen({ ...noon, zone: "Pacific/Kiritimati", days: [4] }, "2026-01-14T22:00:00Z"), true);
  });
});

describe("the clock of a zone", () => {
  const shows = (clock: ZoneClock, text: string) => {
    clock.read(at(text));
    return `${clock.day} ${clock.minute}`;
  };

  it("shows each minute of a year as Intl does, across both changes", () => {
    for (const zone of [ZURICH, "America/St_Johns", "Australia/Lord_Howe"]) {
      const clock = new ZoneClock(zone);
      const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      for (let ms = at("2026-01-01T00:00:00Z"); ms < at("2027-01-01T00:00:00Z"); ms += 10_021_000) {
        clock.read(ms);
        const text = `${String(Math.floor(clock.minute / 60)).padStart(2, "0")}:${String(clock.minute % 60).padStart(2, "0")}`;
        assert.equal(text, format.format(ms), `${zone} ${new Date(ms).toISOString()}`);
      }
    }
  });

  it("shows midnight as the first minute", () => assert.equal(shows(new ZoneClock("UTC"), "2026-01-04T00:00:00Z"), "0 0"));

  it("follows a wall clock that jumps back", () => {
    const clock = new ZoneClock("UTC");
    assert.equal(shows(clock, "2026-01-04T12:00:00Z"), "0 720");
    assert.equal(shows(clock, "2026-01-03T11:00:30Z"), "6 660");
    assert.equal(shows(clock, "2026-01-03T11:00:59Z"), "6 660");
  });

  it("is refused for a zone that is none", () => {
    assert.throws(() => obtainClock("Europe/Atlantis"), RangeError);
  });

  it("is one for all who ask", () => assert.equal(obtainClock(ZURICH), obtainClock(ZURICH)));
});
