/** How the page looks: one column for a phone, no script, no font or picture from elsewhere, light and dark by the reader's system. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --line: #d5dae0; --back: #fff; --box: #f4f6f8; --accent: #0a58ca; --bad: #b3261e; --good: #1a6b35 }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --soft: #9aa5b1; --line: #363d47; --back: #14171b; --box: #1d2127; --accent: #7db4ff; --bad: #ff8a80; --good: #7ddc9a } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 50rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; margin: 0 0 .5rem } h2 { font-size: 1.3rem; margin: 0 } section h2 { margin-top: 1.5rem } h3, h4, h5, h6 { font-size: 1rem; margin: 1.2rem 0 .3rem }
a { color: var(--accent) } p { margin: .5rem 0 }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code { background: var(--box); border-radius: .25rem; padding: .1em .3em }
pre { background: var(--box); border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; overflow-x: auto; padding: .7rem .8rem; overflow-wrap: normal }
pre code { background: none; padding: 0 } pre.command { white-space: pre-wrap; user-select: all; -webkit-user-select: all }
blockquote { border-left: .2rem solid var(--line); color: var(--soft); margin: .5rem 0; padding-left: .8rem }
ul, ol { padding-left: 1.3rem } hr { border: 0; border-top: 1px solid var(--line) }
.soft { color: var(--soft) } .digest { font-size: .8em; color: var(--soft) }
.release { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem }
.tags { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: .5rem 0; padding: 0 }
.tags li { border: 1px solid var(--line); border-radius: 1rem; color: var(--soft); font-size: .85rem; padding: 0 .6rem }
.tags .bad { border-color: currentColor; color: var(--bad) } .tags .good { border-color: currentColor; color: var(--good) }
.revoked h2 { text-decoration: line-through } .warning { color: var(--bad); font-weight: 600 }
summary { cursor: pointer; padding: .4rem 0 } details[open] summary { margin-bottom: .3rem }
dl { margin: 0 } dt { font-weight: 600; margin-top: .7rem } dd { margin: 0 }
.wide { overflow-x: auto } table { border-collapse: collapse } th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem; margin-top: 3rem; padding-top: 1rem }
`;
