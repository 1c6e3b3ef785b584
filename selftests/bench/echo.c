// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends every datagram back to where it came from: the other end of
 * "requests udp". In the background, once it can.
 *
 *	echo ADDRESS
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ECHO_PORT	7

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(ECHO_PORT) };
	static char buffer[65536];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 2 || inet_pton(AF_INET, argv[1], &here.sin_addr) != 1)
		errx(2, "usage: echo ADDRESS");
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)))
		err(1, "%s port %d", argv[1], ECHO_PORT);
	if (daemon(1, 1))
		err(1, "fork");
	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t bytes = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &length);

		if (bytes >= 0)
			sendto(fd, buffer, bytes, 0, (struct sockaddr *)&from, length);
	}
}
