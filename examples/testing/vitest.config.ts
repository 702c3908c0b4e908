// Which files vitest takes for tests here: the ending keeps them apart from those of the other runners.
export default { test: { include: ["*.vitest.ts"] } };
