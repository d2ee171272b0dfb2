/** The plan's `UpdateUI`: what a user is asked about an update, and shown of it. Where that is shown is left to the caller. */
import { array, boolean, decodeInput, oneOf } from '../../format/decoder.ts';
import { callable, type Fields, fieldsOf, requireOptions, words } from '../../format/inputs.ts';
import type { EvolutionWish, InstallEvent } from '../../install/index.ts';
import type { ServiceEvent } from '../../service/events.ts';
import type { UpdateEvent, UpdateInfo } from '../../update/index.ts';
import { APPLY_FIELDS, type ApplyOptions } from '../apply-options.ts';
import type { UpdateManager } from '../update-manager.ts';
import { evolutionText } from './evolution-text.ts';
import { follow, type Progress } from './stages.ts';

/** How long "Remind Me Later" postpones an update, in milliseconds. */
const LATER = 24 * 3_600_000;

export interface Choice {
  value: string;
  label: string;
  /** Shown beside the label of the choice that the cursor is on. */
  hint?: string;
}

/**
 * Where the user is asked: a terminal, a window, DGMO's own screen. Whoever wants none of what is offered makes it throw, an
 * `InterruptedError` for instance: then nothing was decided.
 */
export interface UpdateScreen {
  /** Shows the update that the question is about. */
  show?(update: UpdateInfo): void | Promise<void>;
  /** Returns the value of the chosen answer. */
  choose(message: string, choices: readonly Choice[]): Promise<string>;
  /** Returns the values of the chosen answers, perhaps none. Those that are `selected` are chosen at first. */
  chooseSome(message: string, choices: readonly Choice[], selected: readonly string[]): Promise<string[]>;
  /** Shows how far an operation is. Default: nothing is shown of that. */
  progress?: Progress;
}

export interface UpdateUIOptions {
  /** Saves what the user decides. */
  manager: UpdateManager;
  screen: UpdateScreen;
}

type Answer = 'now' | 'later' | 'skip' | 'auto';

/** What the user has decided. What is to be remembered of it is saved already. */
export type UpdateDecision =
  | {
      action: 'update';
      /** For `applyUpdate`. Undefined: as the release says. */
      evolutions: EvolutionWish | undefined;
    }
  | {
      /** Now, and by itself from now on. */
      action: 'auto';
      evolutions: EvolutionWish | undefined;
      /** Makes the setting what it was, for a user who stops the update that was agreed to. */
      takeBack(): Promise<void>;
    }
  | { action: 'later' }
  | { action: 'skip' };

const OPTIONS = fieldsOf<UpdateUIOptions>(
  {
    manager: fieldsOf<UpdateManager>(
      {
        ...{ skipVersion: callable, remindLater: callable, settings: callable },
        ...{ setPreferences: callable, setPreferenceText: callable, resetPreference: callable },
      },
      'an UpdateManager',
      ['skipVersion', 'remindLater', 'settings', 'setPreferences', 'setPreferenceText', 'resetPreference'],
    ),
    screen: fieldsOf<UpdateScreen>(
      {
        ...{ show: callable, choose: callable, chooseSome: callable },
        progress: fieldsOf<Progress>(
          { begin: callable, measure: callable, end: callable, clear: callable },
          'an object with begin, measure, end and clear',
          ['begin', 'measure', 'end', 'clear'],
        ),
      },
      'an object with choose and chooseSome',
      ['choose', 'chooseSome'],
    ),
  } satisfies Fields<UpdateUIOptions>,
  'an object with manager and screen',
  ['manager', 'screen'],
);

const OFFERED = fieldsOf<UpdateInfo>(
  {
    ...{ version: words, currentVersion: words, direction: oneOf('forward', 'back'), mandatory: boolean },
    evolutions: array(
      fieldsOf({ id: words, description: words, autoApply: boolean }, 'an evolution', ['id', 'description']),
      0,
      1000,
    ),
  },
  'what `checkForUpdates` returned',
  ['version', 'currentVersion', 'direction', 'mandatory', 'evolutions'],
);

const EVENT = fieldsOf<UpdateEvent>({ event: words }, 'an event', ['event']);

/**
 * Asks the user about an update, and shows how far it is. The command line asks by it as well.
 *
 * @example
 * const manager = new UpdateManager({ onEvent: (event) => ui.showProgress(event) });
 * const ui = new UpdateUI({ manager, screen });
 * const update = await manager.checkForUpdates();
 * const decision = update === null ? null : await ui.promptForUpdate(update);
 */
export class UpdateUI {
  readonly #manager: UpdateManager;
  readonly #screen: UpdateScreen;

  /** @throws UsageError if an option is of another type, or missing */
  constructor(options: UpdateUIOptions) {
    const { manager, screen } = decodeInput(OPTIONS, options, 'options');
    this.#manager = manager;
    this.#screen = screen;
  }

  /**
   * Shows the update, and asks whether to install it now, later, never, or always from now on; then which evolutions are wanted, if it
   * has some. Saves what is to be remembered: `later` offers nothing for 24 hours, `skip` no longer offers this version, `auto` sets
   * `autoUpdate` to `all`.
   *
   * @param update from `checkForUpdates` or `check`
   * @param options.evolutions which evolutions are wanted: then the user is not asked for them
   * @throws UsageError if it is no update, or the screen returns what was not among the choices: then nothing was decided; MachineError, BusyError if the choice can't be saved; PolicyError if an administrator has
   *   decided `autoUpdate`; whatever the screen throws
   * @example
   * const decision = await ui.promptForUpdate(update);
   * if (decision.action === 'update' || decision.action === 'auto')
   *   await manager.applyUpdate(await manager.downloadUpdate(update), { evolutions: decision.evolutions });
   */
  async promptForUpdate(
    update: UpdateInfo,
    options: Pick<ApplyOptions, 'evolutions'> = {},
  ): Promise<UpdateDecision> {
    decodeInput(OFFERED, update, 'update');
    requireOptions<Pick<ApplyOptions, 'evolutions'>>({ evolutions: APPLY_FIELDS.evolutions }, options);
    await this.#screen.show?.(update);
    const action = await this.#answer(update);
    switch (action) {
      case 'skip':
        await this.#manager.skipVersion(update.version);
        return { action };
      case 'later':
        await this.#manager.remindLater(LATER);
        return { action };
      case 'auto': {
        const evolutions = options.evolutions ?? (await this.#chosen(update));
        return { action, evolutions, takeBack: await this.#always() };
      }
      case 'now':
        return { action: 'update', evolutions: options.evolutions ?? (await this.#chosen(update)) };
    }
  }

  /**
   * Shows how far the operation is that the event belongs to, on `screen.progress`.
   *
   * @param event as it was given to `onEvent`
   * @throws UsageError if it is no event
   * @example
   * const manager = new UpdateManager({ onEvent: (event) => ui.showProgress(event) });
   */
  showProgress(event: InstallEvent | UpdateEvent | ServiceEvent): void {
    decodeInput(EVENT, event, 'event');
    const { progress } = this.#screen;
    if (progress !== undefined) follow(progress, event);
  }

  async #answer(update: UpdateInfo): Promise<Answer> {
    const { version, currentVersion, mandatory } = update;
    const isInstalled = version === currentVersion;
    const isBack = update.direction === 'back';
    const now = { value: 'now', label: isBack ? 'Go Back Now' : 'Update Now' } as const;
    const later = { value: 'later', label: 'Remind Me Later', hint: 'tomorrow' } as const;
    const skip = { value: 'skip', label: 'Skip This Version' } as const;
    const auto = {
      value: 'auto',
      label: 'Always Auto-Update',
      hint: 'now, and by itself from now on',
    } as const;
    const choices = isBack ? [later, now] : [now, later, ...(mandatory || isInstalled ? [] : [skip]), auto];
    const message = isBack
      ? `Go back to ${version}?`
      : isInstalled
        ? `Install evolutions of ${version} now?`
        : `Update to ${version} now?`;
    const answer = await this.#screen.choose(message, choices);
    // Of a window that was closed, for instance. Nobody has agreed then.
    return decodeInput(oneOf(...choices.map(({ value }) => value)), answer, 'the answer of screen.choose');
  }

  /** Undefined where there is nothing to choose: that leaves it to the release. */
  async #chosen({ evolutions }: UpdateInfo): Promise<EvolutionWish | undefined> {
    if (evolutions.length === 0) return undefined;
    const answer = await this.#screen.chooseSome(
      'Which evolutions do you want with it?',
      evolutions.map((one) => ({ value: one.id, label: evolutionText(one) })),
      evolutions.filter(({ autoApply, installed }) => autoApply || installed !== null).map(({ id }) => id),
    );
    const known = oneOf(...evolutions.map(({ id }) => id));
    return decodeInput(array(known, 0, evolutions.length), answer, 'the answer of screen.chooseSome');
  }

  /** Saved before the update, which may end with DGMO in place of this process. Returns what takes it back. */
  async #always(): Promise<() => Promise<void>> {
    const manager = this.#manager;
    const setting = manager.settings().settings.find(({ key }) => key === 'autoUpdate');
    const said = [setting, ...(setting?.overridden ?? [])].find((one) => one?.decidedBy === 'user');
    await manager.setPreferences({ autoUpdate: 'all' });
    return async () => {
      if (said === undefined) await manager.resetPreference('autoUpdate');
      else await manager.setPreferenceText('autoUpdate', said.value);
    };
  }
}
