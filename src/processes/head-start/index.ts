export { beginHeadStart, type HeadStart } from "./head-start.ts";
