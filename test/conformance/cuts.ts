// Ways to cut an input: parsers must give the same answer for each of them.

const SOME = 40;

/** Where to cut once: after every byte, or for long inputs near both ends and in between. */
export function cutPositions(length: number, cuts: "all" | "some"): number[] {
  const all = Array.from({ length: Math.max(length - 1, 0) }, (_, i) => i + 1);
  if (cuts === "all") return all;
  const step = Math.ceil(all.length / SOME);
  return all.filter((at) => at < SOME || at > length - SOME || at % step === 0);
}

/** Every byte by itself, for short inputs. */
export function singleBytes(text: string): string[] {
  return Array.from(text);
}
