/** The background service, and what a service manager has to be told about it. */

export interface ServiceDefinition {
  /** Of the unit, the agent or the task: letters, digits and dashes. */
  name: string;
  app: string;
  /** The updater, and what it is started with. */
  command: readonly [string, ...string[]];
  /** What it needs of the environment of the user who installs it. */
  environment: Readonly<Record<string, string>>;
}

export type ManagerCommand = readonly [string, ...string[]];

export interface Unit {
  /** What the user knows the manager as. */
  manager: string;
  file: {
    path: string;
    content: Uint8Array;
    /** The manager keeps its own copy, so the file is removed again. */
    temporary: boolean;
  };
  /** Commands that make the manager start it now and at every login. */
  enable: readonly ManagerCommand[];
  /** Commands that keep the manager from starting it. What was not there is no failure. */
  disable: readonly ManagerCommand[];
  /** Commands that end it, and wait until it has ended. */
  stop: readonly ManagerCommand[];
  /** Commands to run after the file is removed. */
  afterRemoval: readonly ManagerCommand[];
  /** What the manager may have written besides. */
  traces: readonly string[];
  /** The folders that may have to be made for it, the innermost first. */
  folders: readonly string[];
  /** Succeeds if the manager knows it; null: the file says so. */
  isKnown: ManagerCommand | null;
}
