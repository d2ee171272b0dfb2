# Installs @NAME@: downloads its updater, compares it with the SHA-256 below, and has it fetch @NAME@ itself. The updater believes
# only what the publisher's keys have signed, whose root was compiled into it; so what you trust here is this script, once.
#
#   irm @ADDRESS@install.ps1 | iex
#   .\install.ps1 [-Dir <folder>] [-NoPath]
#
# It changes nothing outside of -Dir (default: %LOCALAPPDATA%\@APP@\bin) but for your own PATH, and never needs an administrator.
# Windows PowerShell 5.1 or PowerShell 7.

# All is in a function that is called in the last line: of a script that was cut off on its way, nothing runs.
function Install-ByUpdater {
  param([string] $Dir, [switch] $NoPath)
  Set-StrictMode -Version 2
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
  $address = '@ADDRESS@'
  $app = '@APP@'
  $updaters = @{
@UPDATERS@
  }

  function Get-Digest([string] $File) { (Get-FileHash -Algorithm SHA256 -LiteralPath $File).Hash.ToLowerInvariant() }

  # Nothing is used before it is what was published.
  function Assert-Digest([string] $File, [string] $Wanted) {
    $found = Get-Digest $File
    if ($found -cne $Wanted) {
      throw "the download is not what was published: wanted SHA-256 $Wanted, found $found. Nothing was installed."
    }
  }

  function Expand-Gzip([string] $From, [string] $To) {
    $source = [IO.File]::OpenRead($From)
    try {
      $unpacked = New-Object IO.Compression.GZipStream($source, [IO.Compression.CompressionMode]::Decompress)
      $file = [IO.File]::Create($To)
      try { $unpacked.CopyTo($file) } finally { $file.Dispose(); $unpacked.Dispose() }
    } finally { $source.Dispose() }
  }

  # Of a run that was killed: its name tells the process.
  function Remove-LeftWork([string] $Folder) {
    foreach ($left in @(Get-ChildItem -LiteralPath $Folder -Directory -Force)) {
      if ($left.Name -notmatch '^\.install\.([0-9]{1,9})\.[0-9a-f]{32}$') { continue }
      if (Get-Process -Id $Matches[1] -ErrorAction SilentlyContinue) { continue }
      Remove-Item -Recurse -Force -LiteralPath $left.FullName -ErrorAction SilentlyContinue
    }
  }

  if ($env:OS -ne 'Windows_NT') { throw 'this script is for Windows; on Linux and macOS use install.sh' }
  if (-not $Dir) { $Dir = Join-Path $env:LOCALAPPDATA "$app\bin" }
  $Dir = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Dir)
  $program = Join-Path $Dir "$app.exe"
  $updater = Join-Path $Dir "$app-updater.exe"
  if ((Test-Path -LiteralPath $program) -and (Test-Path -LiteralPath $updater)) {
    Write-Host "$app is installed in $Dir already. '$updater update' looks for a newer one."
    return
  }
  # A 32-bit shell has the processor of the system in the second.
  $processor = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
  $target = switch ($processor) {
    'AMD64' { 'win32-x64' }
    'ARM64' { 'win32-arm64' }
    default { "win32-$processor" }
  }
  if (-not $updaters.ContainsKey($target)) { throw "there is no updater for $target here" }
  $one = $updaters[$target]

  # Windows PowerShell offers less by itself.
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $null = New-Item -ItemType Directory -Force -Path $Dir
  Remove-LeftWork $Dir
  $work = Join-Path $Dir (".install.$PID." + [Guid]::NewGuid().ToString('N'))
  $null = New-Item -ItemType Directory -Path $work
  try {
    Write-Host "downloading the updater for $target ($($one.Size) bytes)"
    $packed = Join-Path $work 'updater.gz'
    Invoke-WebRequest -UseBasicParsing -Uri ($address + $one.Path) -OutFile $packed
    Assert-Digest $packed $one.Packed
    $unpacked = Join-Path $work "$app-updater.exe"
    Expand-Gzip $packed $unpacked
    Assert-Digest $unpacked $one.Unpacked
    & $unpacked --version | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the updater for $target does not start on this machine" }
    Move-Item -Force -LiteralPath $unpacked -Destination $updater
  } finally { Remove-Item -Recurse -Force -LiteralPath $work -ErrorAction SilentlyContinue }

  Write-Host "installing $app in $Dir"
  & $updater repair --yes
  if ($LASTEXITCODE -ne 0) { throw "$app could not be installed; run '$updater repair' once the reason above is gone" }
  if (-not $NoPath) {
    $mine = [Environment]::GetEnvironmentVariable('Path', 'User')
    $parts = @($mine -split ';' | Where-Object { $_ })
    if ($parts -notcontains $Dir) {
      [Environment]::SetEnvironmentVariable('Path', (($parts + $Dir) -join ';'), 'User')
      Write-Host "$Dir was added to your PATH: open a new terminal to start $app by its name"
    }
  }
  Write-Host "done. '$app-updater status' tells all about it."
}

Install-ByUpdater @args
