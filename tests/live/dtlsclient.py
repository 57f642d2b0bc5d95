# SPDX-License-Identifier: MIT
"""A DTLS client for tests: OpenSSL by ctypes, its datagrams through a UDP socket of our own.
Dtls has what a Client needs of a socket."""

import ctypes
import ctypes.util
import os
import socket
import struct
import time

from streamclient import Closed

DTLS_1_0, DTLS_1_2 = 0xFEFF, 0xFEFD

NO_QUERY_MTU = 1 << 12
WANT_READ, ZERO_RETURN = 2, 6
SET_MTU, HANDLE_TIMEOUT, SET_LEAST, SET_MOST = 17, 74, 123, 124
RECORD_HEADER = 13


class Refused(Exception):
    """A handshake that came to nothing; says why."""


def _load():
    """libssl and libcrypto with the types of what is used here."""
    ssl = ctypes.CDLL(ctypes.util.find_library("ssl") or "libssl.so.3")
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    pointer, number, size, text = (
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_long,
        ctypes.c_char_p,
    )
    for library, name, result, *arguments in (
        (ssl, "DTLS_client_method", pointer),
        (ssl, "SSL_CTX_new", pointer, pointer),
        (ssl, "SSL_CTX_free", None, pointer),
        (ssl, "SSL_CTX_set_cipher_list", number, pointer, text),
        (ssl, "SSL_CTX_load_verify_locations", number, pointer, text, text),
        (ssl, "SSL_CTX_set_verify", None, pointer, number, pointer),
        (ssl, "SSL_CTX_ctrl", size, pointer, number, size, pointer),
        (ssl, "SSL_new", pointer, pointer),
        (ssl, "SSL_free", None, pointer),
        (ssl, "SSL_set_bio", None, pointer, pointer, pointer),
        (ssl, "SSL_set_options", ctypes.c_uint64, pointer, ctypes.c_uint64),
        (ssl, "SSL_ctrl", size, pointer, number, size, pointer),
        (ssl, "SSL_set_alpn_protos", number, pointer, text, ctypes.c_uint),
        (ssl, "SSL_set_connect_state", None, pointer),
        (ssl, "SSL_do_handshake", number, pointer),
        (ssl, "SSL_get_error", number, pointer, number),
        (ssl, "SSL_read", number, pointer, pointer, number),
        (ssl, "SSL_write", number, pointer, text, number),
        (ssl, "SSL_shutdown", number, pointer),
        (ssl, "SSL_get_current_cipher", pointer, pointer),
        (ssl, "SSL_CIPHER_get_name", text, pointer),
        (ssl, "SSL_get0_alpn_selected", None, pointer, pointer, pointer),
        (crypto, "BIO_s_mem", pointer),
        (crypto, "BIO_new", pointer, pointer),
        (crypto, "BIO_read", number, pointer, pointer, number),
        (crypto, "BIO_write", number, pointer, text, number),
        (crypto, "ERR_get_error", ctypes.c_ulong),
        (crypto, "ERR_clear_error", None),
        (crypto, "ERR_reason_error_string", text, ctypes.c_ulong),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return ssl, crypto


SSL, CRYPTO = _load()


def _reason():
    """The first reason in OpenSSL's queue, which is emptied."""
    words = CRYPTO.ERR_reason_error_string(CRYPTO.ERR_get_error())
    CRYPTO.ERR_clear_error()
    return words.decode() if words else "no reason given"


class Dtls:
    """A session with a server, its handshake done; sock may be given, to share its port."""

    def __init__(self, server, *, alpn=(), ciphers=None, version=DTLS_1_2, **more):
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.server = server
        self.sock = more.get("sock") or socket.socket(family, socket.SOCK_DGRAM)
        self.sock.connect(server)
        self.seconds = 1.0
        self.aside = []  # datagrams that are no DTLS
        self._context = SSL.SSL_CTX_new(SSL.DTLS_client_method())
        SSL.SSL_CTX_ctrl(self._context, SET_LEAST, version, None)
        SSL.SSL_CTX_ctrl(self._context, SET_MOST, version, None)
        if ciphers:
            SSL.SSL_CTX_set_cipher_list(self._context, ciphers.encode())
        SSL.SSL_CTX_load_verify_locations(
            self._context, os.environ["AUTHORITY"].encode(), None
        )
        SSL.SSL_CTX_set_verify(self._context, 1, None)
        self._ssl = SSL.SSL_new(self._context)
        self._in = CRYPTO.BIO_new(CRYPTO.BIO_s_mem())
        self._out = CRYPTO.BIO_new(CRYPTO.BIO_s_mem())
        SSL.SSL_set_bio(self._ssl, self._in, self._out)
        SSL.SSL_set_options(self._ssl, NO_QUERY_MTU)
        SSL.SSL_ctrl(self._ssl, SET_MTU, 1200, None)
        if alpn:
            names = b"".join(struct.pack("!B", len(n)) + n.encode() for n in alpn)
            SSL.SSL_set_alpn_protos(self._ssl, names, len(names))
        SSL.SSL_set_connect_state(self._ssl)
        self._room = ctypes.create_string_buffer(65536)
        self._shake_hands(more.get("seconds", 5.0))

    # -- datagrams

    def _flush(self):
        """Each record leaves as a datagram of its own."""
        size = CRYPTO.BIO_read(self._out, self._room, len(self._room))
        data = self._room.raw[: max(size, 0)]
        while len(data) >= RECORD_HEADER:
            size = RECORD_HEADER + struct.unpack("!H", data[11:13])[0]
            self.sock.send(data[:size])
            data = data[size:]

    def _feed(self, seconds):
        """Wait for one datagram of DTLS."""
        deadline = time.monotonic() + seconds
        while True:
            self.sock.settimeout(max(deadline - time.monotonic(), 0.001))
            data = self.sock.recv(65536)
            if 20 <= data[0] <= 63:
                break
            self.aside.append(data)
        CRYPTO.BIO_write(self._in, data, len(data))

    def _shake_hands(self, seconds):
        deadline = time.monotonic() + seconds
        while (result := SSL.SSL_do_handshake(self._ssl)) != 1:
            error = SSL.SSL_get_error(self._ssl, result)
            self._flush()
            if error != WANT_READ:
                why = _reason()
                self.close()
                raise Refused(why)
            if time.monotonic() > deadline:
                self.close()
                raise Refused("no answer")
            try:
                self._feed(0.2)
            except TimeoutError:
                SSL.SSL_ctrl(self._ssl, HANDLE_TIMEOUT, 0, None)
            except ConnectionRefusedError as error:
                self.close()
                raise Refused("no server") from error
        self._flush()

    # -- what was agreed on

    def cipher(self):
        return SSL.SSL_CIPHER_get_name(SSL.SSL_get_current_cipher(self._ssl)).decode()

    def alpn(self):
        name, size = ctypes.c_void_p(), ctypes.c_uint()
        SSL.SSL_get0_alpn_selected(self._ssl, ctypes.byref(name), ctypes.byref(size))
        return ctypes.string_at(name, size.value).decode() if size.value else None

    # -- as a socket

    def getsockname(self):
        return self.sock.getsockname()

    def settimeout(self, seconds):
        self.seconds = seconds

    def sendto(self, data, _server):
        SSL.SSL_write(self._ssl, data, len(data))
        self._flush()

    def recv(self, _room=0):
        """What is in the next record; raises TimeoutError, or Closed."""
        deadline = time.monotonic() + self.seconds
        while (size := SSL.SSL_read(self._ssl, self._room, len(self._room))) <= 0:
            error = SSL.SSL_get_error(self._ssl, size)
            if error == ZERO_RETURN:
                raise Closed("the server has ended the session")
            if error != WANT_READ:
                raise Closed(_reason())
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._feed(left)
        return self._room.raw[:size]

    def say_end(self):
        SSL.SSL_shutdown(self._ssl)
        self._flush()

    def say_last(self, data, together):
        """Data and the end of the session, together in one datagram or in two."""
        SSL.SSL_write(self._ssl, data, len(data))
        SSL.SSL_shutdown(self._ssl)
        if together:
            size = CRYPTO.BIO_read(self._out, self._room, len(self._room))
            self.sock.send(self._room.raw[:size])
        else:
            self._flush()

    def close(self):
        """Without a word to the server."""
        if self._ssl:
            SSL.SSL_free(self._ssl)
            SSL.SSL_CTX_free(self._context)
            self._ssl = None
        self.sock.close()
