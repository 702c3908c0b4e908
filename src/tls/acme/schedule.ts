// When a certificate is asked for: pure arithmetic over its dates and how often the last tries failed.

/** Of one set of names. */
export interface IssueHistory {
  /** Of the certificate at hand; null when there is none. */
  readonly validity: { readonly notBeforeMs: number; readonly notAfterMs: number } | null;
  /** Since the last success. */
  readonly failures: number;
  /** Unix time; null when nothing was tried yet. */
  readonly lastTryMs: number | null;
}

const FIRST_RETRY_MS = 60_000;
/** Authorities count failed orders by the hour, so that hurry makes it last longer. */
const LONGEST_RETRY_MS = 12 * 3_600_000;
/** Of the time by which a renewal is early or a retry late, so that a fleet doesn't ask at once. */
const JITTER = 0.1;

/**
 * Unix time of the next order. A certificate is renewed `renewBeforeMs` before its end, or when a third of its life is left if that is
 * later: one for six days would otherwise be renewed without pause. `random` is from 0 to 1.
 */
export function nextOrderMs({ validity, failures, lastTryMs }: IssueHistory, renewBeforeMs: number, random: number): number {
  const due = validity === null ? Number.NEGATIVE_INFINITY : toRenewal(validity, renewBeforeMs, random);
  if (failures === 0 || lastTryMs === null) return due;
  const delay = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
  return Math.max(due, lastTryMs + delay * (1 + JITTER * random));
}

function toRenewal(
  { notBeforeMs, notAfterMs }: { notBeforeMs: number; notAfterMs: number },
  renewBeforeMs: number,
  random: number,
): number {
  const early = Math.min(renewBeforeMs, (notAfterMs - notBeforeMs) / 3);
  return notAfterMs - early * (1 + JITTER * random);
}
