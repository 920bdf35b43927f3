const systems = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Mac OS X/, 'macOS'],
  [/Windows/, 'Windows'],
  [/Linux/, 'Linux'],
] as const;

const browsers = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;

/** A first name for this device, to be changed: what the browser says of itself. */
export function deviceName(): string {
  const found = [systems, browsers].map(
    (names) => names.find(([pattern]) => pattern.test(navigator.userAgent))?.[1] ?? '',
  );
  return found.filter((name) => name !== '').join(' · ');
}
