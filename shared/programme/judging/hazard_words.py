"""Words that put a hazard in doubt under every document, in English and Spanish, as people and CADs write them.

A word says that somebody spoke of the hazard, not that it is there: it only makes the hazard unknown, until a question
is answered. So a word belongs here if a call taker who hears it would ask; and not if most calls with it are calm, for
then nobody could be sent: `suicidal`, an `attack` of panic, `bit`, a `shot` of a medicine, `blood` pressure, `high`.
Ideation is what the screening question on suicide is for; what stands here under suicide is a means, a plan or an
attempt. A document takes one out by naming it in `not_words`. Spanish stands without accents, as most keyboards write
it; accents do not count.

A word that ends in `*` is a stem: every word that begins so. Several words stand for themselves in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _listed(lines: str) -> tuple[str, ...]:
    return tuple(word.strip() for line in lines.strip().splitlines() for word in line.split(","))


HAZARD_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "weapon": _listed("""
            weapon, weapons, armed, brandish*, knife, knives, knifed, knifepoint, pocketknife, pocketknives, penknife
            switchblade*, gun, guns, gunshot*, gunman, gunmen, gunpoint, gunfire, handgun*, shotgun*, firearm*
            pistol*, revolver*, rifle*, glock, ar15, ar 15, ak47, ak 47, ammo, ammunition, bullet*, shooter
            shots fired, shot fired, shooting, machete*, sword*, dagger*, ax, axe, axes, hatchet*, blade, blades
            razor, razors, box cutter*, boxcutter*, scissors, screwdriver*, hammer, hammers, crowbar*, sledgehammer*
            pitchfork*, cleaver*, crossbow*, shank, shiv, sawed off, broken bottle, ice pick, tire iron, baseball bat
            metal pipe, taser*, tazer*, bomb, bombs, explosive*, grenade*, molotov, arma, armas, armado, armada
            cuchill*, navaja*, pistola*, escopeta*, puñal*, hacha, hachas, martillo*, disparo, disparos, disparando
            balazo*, tijeras, bomba, bombas, wpn, wpns, gsw
        """),
        "violence": _listed("""
            violent, violently, violence, assault*, attacked, attacking, hit, hits, hitting, punch*, kick, kicks
            kicked, kicking, slap, slaps, slapped, slapping, beat, beats, beaten, beating, strangl*, choked, choking
            choke, chokes, throw, threw, throwing, throws, thrown, shove, shoves, shoved, shoving, swung, swinging
            fight, fights, fighting, fought, stab, stabs, stabbed, stabbing*, threaten, threatens, threatened
            threatening, threat, threats, combative, assaultive, aggressive, aggressively, aggression, homicid*
            menacing, barricad*, tackl*, headbutt*, wrestling, shoot, shoots, smash*, chasing, chased, swing at
            swings at, came at me, came at him, came at her, coming at me, coming at him, coming at her, spit on
            spat on, spitting on, biting, pushed her, pushed him, pushed me, pushing her, pushing him, grabbed her
            grabbed him, grabbed me, hurt me, hurt people, hurting me, hurting people, hurting someone
            hurting somebody, hurting others, hostage*, kill, kills, killed, killing, murder*, rape, raped, raping
            hurt her, hurt him, hurt them, hurt someone, hurt somebody, hurt others, hurting her, hurting him
            hurting them, charged at, charging at, lunge, lunges, lunged, lunging, hands on her, violencia, violento
            violenta, violentos, agredi*, agresion, agresiones, agresivo, agresiva, ataco, ataca, atacar, atacando
            golpe*, pego, pega, pegar, pegando, pegado, patada*, patea, pateando, amenaz*, pelea, peleas, peleando
            peleo, apuñal*, estrangul*, matar, matarlo, matarla, mato, asesin*, rehen*, violo, violar, violada
            violado, aslt, violnt
        """),
        "crime": _listed("""
            robbery, robberies, robbed, robbing, burglar*, arson*, carjack*, kidnap*, breaking in, broke in
            breaking into, broke into, break in, home invasion, set fire, setting fire, robo, robos, robando
            robaron, asalto, asaltos, asaltado, secuestr*, incendio provocado
        """),
        "injury": _listed("""
            injured, injury, injuries, bleed, bleeding, bleeds, bled, bloody, unconscious, unresponsive
            not responsive, not breathing, stopped breathing, cant breathe, can t breathe, cannot breathe, seizure*
            seizing, overdos*, od, ods, oded, od d, narcan, naloxone, passed out, collapsed, chest pain, broken arm
            broken leg, stabbed, shot himself, shot herself, shot themselves, been shot, was shot, got shot
            isnt breathing, isn t breathing, no pulse, turning blue, heart attack, stroke, poison*, swallowed
            cut himself, cut herself, cut themselves, cutting himself, cutting herself, cutting themselves
            hurt himself, hurt herself, hurt themselves, hurting himself, hurting herself, hurting themselves
            took all his pills, took all her pills, swallowed pills, took pills, took a bunch of pills, herido, herida
            heridos, heridas, lesion*, sangre, sangra, sangrando, sobredosis, inconsciente, no respira, no responde
            convulsion*, desmayado, desmayada, desmayo, gsw
        """),
        "suicide": _listed("""
            suicide, suicides, attempted suicide, noose*, hang himself, hang herself, hang themselves, hang myself
            hanged, hanging himself, hanging herself, kill himself, kill herself, kill themselves, kill themself
            kill myself, killing himself, killing herself, killing themselves, killing myself, end his life
            end her life, end their life, end my life, ending his life, ending her life, slit, slits, slitting
            cut his wrist, cut her wrist, cut his wrists, cut her wrists, cut my wrists, cut their wrists
            cutting his wrists, cutting her wrists, jump off, jumping off, jumped off, going to jump, gonna jump
            wants to jump, jump in front, jumping in front, on the ledge, on the bridge, over the railing
            on the tracks, train tracks, drown himself, drown herself, drown themselves, drown myself, swallowed
            kill my self, kill him self, kill her self, kms, plan to die, suicidal with a plan, suicidal with plan
            overdos*, shoot himself, shoot herself, shoot themselves, shoot myself, shot himself, shot herself
            last goodbye, goodbye note, suicidio, suicidarse, suicidar, suicido, matarse, matarme, quitarse la vida
            quitarme la vida, ahorc*, cortarse las venas, cortarme las venas, sobredosis, tirarse, aventarse
            hung himself, hung herself
        """),
    }
)
"""Hazard → its words."""
