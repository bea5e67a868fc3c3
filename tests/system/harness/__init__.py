# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system tests stand on: real programs, and messages down to the octet."""
