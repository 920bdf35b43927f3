/**
 * Names that lead into somebody's own network: those that are reserved (IANA, Special-Use Domain
 * Names), those that ICANN will never give to anybody because networks use them, and customary ones.
 */
const inwardNames =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|mail|lan|home\.arpa|onion|alt|test|invalid)$/;
const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;
const lengthMax = 1024;

/**
 * Whether messages may be sent there: `https`, to a host that has a name, without credentials.
 *
 * A service that posts where its customers say must not become their way into the network it stands
 * in (OWASP, Server-Side Request Forgery Prevention, case 2). Addresses in numbers are refused
 * altogether, which leaves names that resolve inward: those the network has to stop, because a
 * Worker cannot see what a name resolves to.
 */
export function isDeliverable(text: string, mayBeLoopback: boolean): boolean {
  const url = text.length <= lengthMax ? parsed(text) : undefined;
  if (!url) return false;
  const { protocol, hostname, username, password, hash } = url;
  if (username !== '' || password !== '' || hash !== '') return false;
  if (mayBeLoopback && loopback.test(hostname))
    return protocol === 'http:' || protocol === 'https:';
  if (protocol !== 'https:') return false;
  // The parser has written every form of an IPv4 address as four numbers (WHATWG URL §3.5).
  const isNumeric = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  // A dot at the end makes no name longer: `router.` is a name of one part.
  const name = hostname.replace(/\.+$/, '');
  return !isNumeric && name.includes('.') && !inwardNames.test(name);
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
