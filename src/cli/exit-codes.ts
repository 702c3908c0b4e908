// How the command ends. Scripts and supervisors rely on these numbers: they never change their meaning.
// The launcher (bin/runtime.mjs) adds 4: no runtime to run on.

/** Stopped as asked, or the command did what it should. */
export const EXIT_OK = 0;
/** The configuration can't be read or has issues; nothing was started. */
export const EXIT_CONFIG = 1;
/** The command line is wrong. */
export const EXIT_USAGE = 2;
/** A listener's address can't be bound. */
export const EXIT_BIND = 3;
/** A gate is closed: route tests failed, or a difference was found that is denied. */
export const EXIT_GATE = 5;
/** The admin address of a running gateway can't be asked, or can't do now what it was asked for. */
export const EXIT_UNREACHABLE = 6;
