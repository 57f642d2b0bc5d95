/* probe_cause — why a step most likely failed, in words.
 *
 * The first row that fits is taken, so rows that say more about when they fit come first. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_cause.h"

#include <stddef.h>

struct row {
    enum probe_step_kind kind; /* PROBE_STEP_ANY fits all */
    enum probe_fate fate;
    unsigned code;  /* of PROBE_FATE_REFUSED and PROBE_FATE_ALERT; 0 fits all */
    unsigned facts; /* all of these must hold */
    const char *text;
};

static const struct row rows[] = {
    {PROBE_STEP_ANY, PROBE_FATE_NO_ADDRESS, 0, 0,
     "The name is misspelled, has no address record in DNS, or no name server can be reached from "
     "here."},
    {PROBE_STEP_ANY, PROBE_FATE_NO_ROUTE, 0, 0,
     "This machine has no route to that address (often: no IPv6 at all), so the server could not "
     "be checked there. Check it from a machine that has."},
    {PROBE_STEP_ANY, PROBE_FATE_NOT_SENT, 0, 0,
     "This machine itself did not let the packet out: a local firewall rule against it, or no "
     "network."},

    {PROBE_STEP_CONNECT, PROBE_FATE_SILENT, 0, PROBE_CAUSE_LOCAL,
     "Nobody answers the attempt to connect: a firewall drops TCP (on the server or between here "
     "and there), the port is wrong, or the server is down. The address is private, so also make "
     "sure that this machine is in that network. On the server, `ss -ltn` shows whether the port "
     "is open."},
    {PROBE_STEP_CONNECT, PROBE_FATE_SILENT, 0, 0,
     "Nobody answers the attempt to connect: a firewall drops TCP (on the server, in the rules of "
     "its cloud, or here), the port is wrong, or the server is down. On the server, `ss -ltn` "
     "shows whether the port is open."},
    {PROBE_STEP_ANY, PROBE_FATE_CONNECTION_REFUSED, 0, 0,
     "Nothing listens on that TCP port: the server is not running, listens on another port or "
     "address only, or not over TCP at all (`listen` has no tcp: or tls: entry), or a firewall "
     "rejects connections in its name."},
    {PROBE_STEP_CONNECT, PROBE_FATE_UNREACHABLE, 0, 0,
     "There is no way to the host: it is down, its address is wrong, or routing is broken; or a "
     "firewall rejects connections in these words, as firewalld does."},
    {PROBE_STEP_CONNECT, PROBE_FATE_RESET, 0, 0,
     "The connection was broken off before it stood: a firewall or load balancer does that in the "
     "server's name."},

    {PROBE_STEP_HANDSHAKE, PROBE_FATE_SILENT, 0, PROBE_CAUSE_STREAM,
     "The connection is accepted, but the first message of TLS is not answered: the port is for "
     "something else, perhaps without TLS; a firewall lets connections pass but not TLS; or the "
     "server, or the one behind a load balancer, hangs."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_SILENT, 0, 0,
     "No answer at all: the server does not speak DTLS on that port, a firewall drops UDP (on the "
     "server, in the rules of its cloud, or here), the port is wrong, or the server is down. On "
     "the server, `ss -lun` shows whether the port is open and `tcpdump udp` whether packets "
     "arrive."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_STALLED, 0, PROBE_CAUSE_STREAM,
     "The server began with TLS and then fell silent: it is overloaded, or a firewall that looks "
     "into TLS stopped it."},
    {PROBE_STEP_ANY, PROBE_FATE_STALLED, 0, 0,
     "The server began with DTLS and then fell silent: packets with its certificate, the largest "
     "of all, are lost (a small MTU, or a firewall that drops fragments), or it is overloaded."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_CLOSED, 0, 0,
     "The server ended the connection instead of answering with TLS: the port is for something "
     "else, perhaps for STUN without TLS; the server has no certificate that it could load; or a "
     "load balancer has no server behind it."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_RESET, 0, 0,
     "The connection was broken off at the first message of TLS: a firewall that looks into TLS, a "
     "load balancer without a server behind it, or a server that does not expect TLS on that "
     "port."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_WEB, 0, 0,
     "A web server without TLS answers on that port: it belongs to another service, or a proxy "
     "before the server already takes TLS away."},
    {PROBE_STEP_ANY, PROBE_FATE_INSECURE, 0, 0,
     "Something answers on that port but does not speak TLS: the port belongs to another "
     "service."},
    {PROBE_STEP_ANY, PROBE_FATE_PLAIN, 0, 0,
     "The port serves STUN without TLS: check it with stun: or turn: (and `--transport tcp` or "
     "`?transport=tcp`), or let the server listen there with tls: or dtls: and a certificate."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_PORT_CLOSED, 0, 0,
     "Nothing listens on that UDP port: the server is not running, listens on another port or "
     "address only (`listen` has no dtls: entry), or a firewall rejects the packets in its name."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 40, 0,
     "The server and this check have no cipher in common: the server wants something that modern "
     "clients do not offer, or has no certificate for the name that it is asked for."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 70, 0,
     "The server speaks only versions of TLS before 1.2, which browsers refuse."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 112, 0,
     "The server does not know the name that it is asked for (SNI): it serves other names, or the "
     "name in the URI is not the one that it is configured for."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 116, 0,
     "The server wants a certificate from its clients, which browsers have none of for TURN: that "
     "must be switched off."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 120, 0,
     "The server knows neither stun.turn nor stun.nat-discovery (ALPN, RFC 7443): the port belongs "
     "to another service, a web server most likely. Clients that offer no protocol by name may "
     "get through all the same."},
    {PROBE_STEP_ANY, PROBE_FATE_ALERT, 0, 0,
     "The server ends TLS with an alert, see its log. A server whose certificate could "
     "not be loaded does that, too."},
    {PROBE_STEP_HANDSHAKE, PROBE_FATE_TLS_FAILED, 0, 0,
     "What the server answers is no right TLS of version 1.2 or above: it is very old or broken, "
     "or something on the way rewrites it."},
    {PROBE_STEP_ANY, PROBE_FATE_TLS_FAILED, 0, 0,
     "What came could not be decrypted: something on the way rewrites packets, or the server is "
     "broken."},

    {PROBE_STEP_ANY, PROBE_FATE_SELF_SIGNED, 0, 0,
     "The certificate is signed by itself, so no client knows whom to believe. Get one from an "
     "authority, as from Let's Encrypt, or give clients this one, and this check --ca."},
    {PROBE_STEP_ANY, PROBE_FATE_CHAIN_INCOMPLETE, 0, 0,
     "The server does not send the intermediate certificate that leads to a root: its file must "
     "hold the whole chain (of certbot fullchain.pem, not cert.pem). Some browsers fetch what is "
     "missing, other clients do not. Or it comes from a private authority, which --ca can name."},
    {PROBE_STEP_ANY, PROBE_FATE_UNKNOWN_ROOT, 0, 0,
     "The certificate comes from an authority that this machine does not believe: a private one, "
     "which --ca can name, or somebody on the way who looks into TLS. Where this is seen with "
     "every server, this machine has no authorities installed (package ca-certificates)."},
    {PROBE_STEP_ANY, PROBE_FATE_CHAIN_EXPIRED, 0, 0,
     "An intermediate or root certificate has expired or is not yet valid: get the chain anew from "
     "the authority."},
    {PROBE_STEP_ANY, PROBE_FATE_OTHER_PURPOSE, 0, 0,
     "The certificate was made for something else: its extendedKeyUsage has no serverAuth."},
    {PROBE_STEP_ANY, PROBE_FATE_CHAIN_BAD, 0, 0,
     "The certificates that the server sends do not fit together, or break a rule: clients refuse "
     "them. Get the chain anew from the authority."},
    {PROBE_STEP_ANY, PROBE_FATE_OTHER_NAME, 0, PROBE_CAUSE_ADDRESS,
     "The certificate does not cover the address in the URI: that takes an entry of the kind "
     "iPAddress in its subjectAltName. Give clients a name that it covers."},
    {PROBE_STEP_ANY, PROBE_FATE_OTHER_NAME, 0, 0,
     "The certificate does not cover the name in the URI: use one that is listed, or get a "
     "certificate with this one in its subjectAltName. Where the names are strange, the address "
     "may be another server's, or the server has several certificates and chose the wrong one."},
    {PROBE_STEP_ANY, PROBE_FATE_NAME_IN_SUBJECT, 0, 0,
     "The host stands in the subject (CN) of the certificate alone, where browsers have not looked "
     "for years: it must be in the subjectAltName."},
    {PROBE_STEP_ANY, PROBE_FATE_EXPIRED, 0, 0,
     "The certificate has expired: it was not renewed, or it was and the server still serves the "
     "old one. If the clock shown is wrong, this machine is to blame."},
    {PROBE_STEP_ANY, PROBE_FATE_NOT_YET_VALID, 0, 0,
     "The certificate is not valid yet: it was made with a clock that was ahead, or the clock of "
     "this machine is behind."},
    {PROBE_STEP_ANY, PROBE_FATE_WEAK_KEY, 0, 0,
     "A key of the chain is too short (RSA below 2048 bits, or as weak as that): many clients "
     "refuse it."},
    {PROBE_STEP_ANY, PROBE_FATE_WEAK_DIGEST, 0, 0,
     "A certificate of the chain is signed by SHA-1 or MD5, which can be forged: browsers refuse "
     "it."},

    {PROBE_STEP_BINDING, PROBE_FATE_SILENT, 0, PROBE_CAUSE_CONNECTED,
     "The connection stands, but the first request over it is not answered: the port belongs to "
     "another service, or the server, or the one behind a load balancer, hangs."},
    {PROBE_STEP_BINDING, PROBE_FATE_CLOSED, 0, 0,
     "The server ended the connection at the first request: the port belongs to another service, "
     "or is for TLS (check it with stuns: or turns:), or the server does not serve this "
     "address."},
    {PROBE_STEP_BINDING, PROBE_FATE_RESET, 0, 0,
     "The connection was broken off at the first request: a firewall that lets no STUN pass, or a "
     "port that belongs to another service, or is for TLS (check it with stuns: or turns:)."},
    {PROBE_STEP_ANY, PROBE_FATE_CLOSED, 0, 0,
     "The server ended the connection in the middle of the check: it stopped, reached a limit, or "
     "takes our messages for wrong ones. See its log."},
    {PROBE_STEP_ANY, PROBE_FATE_RESET, 0, 0,
     "The connection was broken off in the middle of the check: the server ended it by force (see "
     "its log), or a firewall or load balancer forgot or forbade it."},
    {PROBE_STEP_ANY, PROBE_FATE_SECURE, 0, 0,
     "The port is for TLS or DTLS: check it with stuns: or turns: in place of stun: or turn:."},
    {PROBE_STEP_ANY, PROBE_FATE_WEB, 0, 0,
     "A web server answers on that port: it belongs to another service."},

    {PROBE_STEP_BINDING, PROBE_FATE_SILENT, 0, PROBE_CAUSE_LOCAL,
     "No answer at all: a firewall drops UDP (on the server or between here and there), the port "
     "is wrong, or the server is down. The address is private, so also make sure that this machine "
     "is in that network. On the server, `ss -lun` shows whether the port is open and `tcpdump "
     "udp` whether the requests arrive."},
    {PROBE_STEP_BINDING, PROBE_FATE_SILENT, 0, 0,
     "No answer at all: a firewall drops UDP (on the server, in the rules of its cloud, or here), "
     "the port is wrong, or the server is down. On the server, `ss -lun` shows whether the port "
     "is open and `tcpdump udp` whether the requests arrive."},
    {PROBE_STEP_CHALLENGE, PROBE_FATE_SILENT, 0, 0,
     "The server answers Binding but not Allocate: it serves STUN only (no realm with users or "
     "secrets is configured), or it limits unauthenticated answers to this network at the "
     "moment."},
    {PROBE_STEP_ALLOCATE, PROBE_FATE_SILENT, 0, 0,
     "The challenge was answered but the signed request was not: the server waits for its user "
     "database, or packets of that size or content are dropped on the way."},
    {PROBE_STEP_ANY, PROBE_FATE_SILENT, 0, 0,
     "The server answered until now and then fell silent: heavy packet loss, a firewall that "
     "closed the way in between, or the server went down."},

    {PROBE_STEP_ANY, PROBE_FATE_FOREIGN, 0, 0,
     "Something answers on that port but does not speak STUN: the port belongs to another "
     "service."},
    {PROBE_STEP_BINDING, PROBE_FATE_PORT_CLOSED, 0, 0,
     "Nothing listens on that UDP port: the server is not running, listens on another port or "
     "address only, or a firewall rejects the packets in its name."},
    {PROBE_STEP_ANY, PROBE_FATE_PORT_CLOSED, 0, 0,
     "Nothing listens on the port any more: the server stopped during the check."},
    {PROBE_STEP_ANY, PROBE_FATE_PROHIBITED, 0, 0,
     "A firewall or router on the way says that it does not let these packets pass."},
    {PROBE_STEP_ANY, PROBE_FATE_UNREACHABLE, 0, 0,
     "A router, or this machine itself, says that there is no way to the host: it is down, its "
     "address is wrong, or routing is broken."},
    {PROBE_STEP_ANY, PROBE_FATE_TOO_BIG, 0, 0,
     "A link on the way takes only smaller packets: a tunnel or VPN with a small MTU. Media with "
     "packets of that size will suffer."},
    {PROBE_STEP_ANY, PROBE_FATE_ELSEWHERE, 0, 0,
     "The answer comes from another address than was asked, and clients drop such answers: the "
     "server has several addresses and answers from the wrong one (let it listen on each by name), "
     "or a NAT before it rewrites only one direction."},
    {PROBE_STEP_ANY, PROBE_FATE_MALFORMED, 0, 0,
     "The answer arrives damaged: something on the way rewrites packets (an application layer "
     "gateway in a router, \"ALG\"), or the server is broken."},
    {PROBE_STEP_ANY, PROBE_FATE_TAMPERED, 0, 0,
     "The server accepted the password, but its answer does not match its signature: something on "
     "the way rewrites packets (an application layer gateway in a router, \"ALG\"). Switch that "
     "off, or let the server listen on another port."},
    {PROBE_STEP_ANY, PROBE_FATE_UNSIGNED, 0, 0,
     "The server did not sign its answer to a signed request: something on the way rewrites "
     "packets, or the server is broken."},
    {PROBE_STEP_ANY, PROBE_FATE_INCOMPLETE, 0, 0,
     "The answer lacks what it must carry: the server is broken or speaks only the STUN of 2003 "
     "(RFC 3489)."},
    {PROBE_STEP_ANY, PROBE_FATE_NO_SHA256, 0, 0,
     "The server does not know RFC 8489's password algorithms, or has SHA-256 switched off. "
     "Without --sha256 the check uses what browsers use."},
    {PROBE_STEP_ANY, PROBE_FATE_BID_DOWN, 0, 0,
     "The nonce says that the server offers a choice of password algorithms, but the list is "
     "missing: something on the way took it out to weaken the authentication."},
    {PROBE_STEP_ANY, PROBE_FATE_REDIRECTED_AGAIN, 0, 0,
     "The server that we were sent to sends us on again: two servers point to each other, or a "
     "chain is longer than clients follow."},

    {PROBE_STEP_ANY, PROBE_FATE_LOST_THERE, 0, PROBE_CAUSE_RELAY_PRIVATE,
     "The server gives out a private relayed address although its own is public: `relay { external "
     "}` is missing (coturn: external-ip)."},
    {PROBE_STEP_LARGE, PROBE_FATE_LOST_THERE, 0, 0,
     "Small packets pass and large ones do not: a link with a small MTU, or a firewall that drops "
     "fragments. Video will suffer."},
    {PROBE_STEP_LARGE, PROBE_FATE_LOST_BACK, 0, 0,
     "Large packets reach the other side but do not come back: a link with a small MTU, or a "
     "firewall that drops fragments. Video will suffer."},
    {PROBE_STEP_ANY, PROBE_FATE_LOST_THERE, 0, 0,
     "The permissions were made, but packets to the relayed address do not arrive: a firewall "
     "blocks the range of relay ports (49152-65535/udp unless configured otherwise), or the server "
     "is told an external address at which it cannot reach itself."},
    {PROBE_STEP_ANY, PROBE_FATE_LOST_BACK, 0, 0,
     "Packets reach the other allocation, but nothing comes back through its channel: a firewall "
     "blocks part of the range of relay ports (49152-65535/udp unless configured otherwise), or "
     "drops ChannelData, which it does not take for STUN."},
    {PROBE_STEP_ANY, PROBE_FATE_LOSSY, 0, 0,
     "Most packets are lost: a link is overloaded, or a limit on bandwidth is lower than this "
     "trickle (`bandwidth-per-allocation`)."},
    {PROBE_STEP_ANY, PROBE_FATE_ALTERED, 0, 0,
     "What arrives is not what was sent: something on the way rewrites packets (an application "
     "layer gateway in a router, \"ALG\")."},

    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 300, 0,
     "The server sends clients elsewhere but does not say where to, or not to an address of this "
     "family."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 400, 0,
     "The server takes the request for malformed: it is very old, or something on the way rewrites "
     "packets."},
    {PROBE_STEP_ALLOCATE, PROBE_FATE_REFUSED, 401, PROBE_CAUSE_TIMED,
     "The secret is not the server's, or is hashed otherwise there (see --secret-digest), or the "
     "clocks differ: the credential says when it expires. Compare `date -u` here and on the "
     "server."},
    {PROBE_STEP_ALLOCATE, PROBE_FATE_REFUSED, 401, 0,
     "The password is wrong, or the user is not known in that realm. If the user name carries a "
     "time (1700000000:name), the credential may have expired, or the clocks differ: compare `date "
     "-u` on the server and where the credential was made."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 401, 0,
     "The credential was good a moment ago and is not any more: it expired or was revoked, or "
     "another server answers now (a load balancer that spreads packets of one client)."},
    {PROBE_STEP_PERMISSION, PROBE_FATE_REFUSED, 403, PROBE_CAUSE_RELAY_PRIVATE,
     "The server gives out a private relayed address although its own is public, and then refuses "
     "it as a peer: `relay { external }` is missing (coturn: external-ip)."},
    {PROBE_STEP_PERMISSION, PROBE_FATE_REFUSED, 403, 0,
     "The server's policy refuses its own relayed address as a peer: a rule in `peers { deny }` "
     "covers it (coturn: denied-peer-ip), or `relay { external }` is missing or names the wrong "
     "address, so that the server does not know the address as its own."},
    {PROBE_STEP_CHANNEL, PROBE_FATE_REFUSED, 403, 0,
     "The server's policy refuses its own relayed address as a peer, or does not know it as a live "
     "relay of its own: see `peers { deny }` and `relay { external }` (coturn: denied-peer-ip, "
     "external-ip)."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 403, 0,
     "The server forbids this to the user or to the address we come from."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 420, 0,
     "The server does not know an attribute that every TURN server must know: it is very old, or "
     "it is not a TURN server."},
    {PROBE_STEP_ALLOCATE, PROBE_FATE_REFUSED, 437, 0,
     "The server still holds an allocation for the address and port we come from, left by another "
     "client behind the same NAT. Try again; it ends by itself within minutes."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 437, 0,
     "The server does not know the allocation it just made: it was restarted, our address changed "
     "on the way (a NAT with several addresses), or a load balancer spreads the packets of one "
     "client over several servers."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 438, 0,
     "The server takes every nonce for stale, even the one it just gave: our address changes from "
     "packet to packet (a NAT with several addresses), or a load balancer spreads the packets of "
     "one client over servers that do not share their key."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 440, 0,
     "The server has no relay address, of neither family: see `relay { addresses }` (coturn: "
     "relay-ip)."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 441, 0,
     "The allocation belongs to another user: another client behind the same NAT used the address "
     "and port we come from, or the credential was changed during the check."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 442, 0,
     "The server does not relay UDP: it is configured for other transports only."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 443, 0,
     "The two allocations got addresses of different families, so they cannot talk to each other: "
     "the server's relay addresses are configured inconsistently."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 486, 0,
     "The quota of the user or of the realm is used up: other sessions are open, or earlier ones "
     "have not expired yet. The check itself needs two allocations (`allocations-per-user`; "
     "coturn: user-quota)."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 500, 0,
     "The server has trouble of its own, often a user database that it cannot reach: see its "
     "log."},
    {PROBE_STEP_ALLOCATE, PROBE_FATE_REFUSED, 508, 0,
     "The server has no relay port to give: the range of relay ports or the file descriptors are "
     "used up, a limit on allocations is reached, or the relay address is not on that machine. "
     "See its log, `relay { ports }` and LimitNOFILE."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 508, 0,
     "A limit of the server is reached: permissions or channels of the allocation, or memory."},
    {PROBE_STEP_ANY, PROBE_FATE_REFUSED, 0, 0,
     "The server refuses with a code that this check has no explanation for: see its log."},
};

static bool fits(const struct row *row, const struct probe_step *step, unsigned facts)
{
    return (row->kind == PROBE_STEP_ANY || row->kind == step->kind) && row->fate == step->fate &&
           (row->code == 0 || row->code == step->code) && (row->facts & ~facts) == 0;
}

const char *probe_cause_find(const struct probe_step *step, unsigned facts)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (fits(&rows[i], step, facts)) {
            return rows[i].text;
        }
    }
    return "Nothing is known about this kind of failure: see the server's log.";
}
