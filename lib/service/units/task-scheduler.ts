/**
 * The service as a task of the Windows Task Scheduler, in the schema of 2004/02/mit/task ([MS-TSCH], section 2.5).
 *
 * It starts at login, and every hour if it does not run: then it has ended to let a new updater take its place. Its console has
 * no window, because conhost.exe runs it headless.
 */
import { quoted } from '../../platform/windows/start.ts';
import type { ServiceDefinition } from './definition.ts';
import { element } from './xml.ts';

export interface TaskSurroundings {
  /** `DOMAIN\\name` of the user for whom it runs. */
  user: string;
  /** Path of conhost.exe. */
  console: string;
}

/** Throws UsageError if a path can't be written into it. */
export function scheduledTask(
  { app, command }: ServiceDefinition,
  { user, console }: TaskSurroundings,
): string {
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    ${element('Author', user)}
    ${element('Description', `Updates of ${app} in the background. \`dgmo-updater service uninstall\` removes it.`)}
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      ${element('UserId', user)}
    </LogonTrigger>
    <TimeTrigger>
      <Enabled>true</Enabled>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary>
      <Repetition>
        <Interval>PT1H</Interval>
      </Repetition>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      ${element('UserId', user)}
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT5M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      ${element('Command', console)}
      ${element('Arguments', ['--headless', ...command].map(quoted).join(' '))}
    </Exec>
  </Actions>
</Task>
`;
}
