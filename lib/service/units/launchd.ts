/** The service as a launchd agent: launchd.plist(5). */
import type { ServiceDefinition } from './definition.ts';
import { element } from './xml.ts';

/** Seconds before it is started again after a failure, and for which it may finish a swap before it is ended by force. */
const THROTTLE = 300;
const EXIT_TIME = 600;

/** Throws UsageError if a path can't be written into it. */
export function launchAgent({ name, command, environment }: ServiceDefinition): string {
  const variables = Object.entries(environment).map(
    ([key, value]) => `\n    ${element('key', key)}\n    ${element('string', value)}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${element('string', name)}
  <key>ProgramArguments</key>
  <array>${command.map((word) => `\n    ${element('string', word)}`).join('')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>${variables.join('')}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>${THROTTLE}</integer>
  <key>ExitTimeOut</key>
  <integer>${EXIT_TIME}</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>Nice</key>
  <integer>10</integer>
</dict>
</plist>
`;
}
