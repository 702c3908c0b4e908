// What one gateway has to say of one key, as it is collected for a sync and compared with the answer.

/** See SyncEntry. */
export class OwnUnits {
  windowStartMs = 0;
  units = 0;
  earlierUnits = 0;
  askedPerMs = 0;
  admittedPerMs = 0;
  askedBefore = 0;
  admittedBefore = 0;
  beforeMs = 0;
  /** By the store's clock. */
  collectedAtMs = 0;
}
